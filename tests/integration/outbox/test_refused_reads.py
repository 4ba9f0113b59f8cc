"""Refusals of two different questions about one visit stand beside each other."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from campaigns.domain.effects import JOIN_LINK, EffectWanted
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.models import Appointment, Effect
from campaigns.outbox import queue
from tests.factories import AppointmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]

LINK = EffectWanted(EffectKind.READ_APPOINTMENT, {"asks": JOIN_LINK}, purpose=JOIN_LINK)
ROW = EffectWanted(EffectKind.READ_APPOINTMENT, {"appointment": "1"}, purpose="overlap")


def refused(visit: Appointment, want: EffectWanted, now: datetime) -> None:
    queue.match_effects(visit, [want], now)
    queued = Effect.objects.filter(status=EffectStatus.QUEUED)
    queued.update(status=EffectStatus.REJECTED, next_attempt_at=None, finished_at=now)


def test_a_question_does_not_put_aside_the_refusal_of_another() -> None:
    """Or a visit that athenahealth has deleted would be asked about for ever, in turns."""
    visit, now = AppointmentFactory(), timezone.now()
    refused(visit, ROW, now)
    refused(visit, LINK, now)
    assert Effect.objects.filter(status=EffectStatus.REJECTED).count() == 2


def test_the_same_question_asked_anew_puts_its_own_refusal_aside() -> None:
    visit, now = AppointmentFactory(), timezone.now()
    refused(visit, LINK, now)
    refused(visit, LINK, now)
    statuses = Effect.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [EffectStatus.SUPERSEDED, EffectStatus.REJECTED]
