"""Two reads that tell of one merge want both records, each holding its own: one is made again."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import OperationalError

from campaigns.domain.values import EffectKind, EffectStatus, Vendor
from campaigns.execution import execute
from campaigns.execution.handlers import Completed
from campaigns.execution.settle import settle
from campaigns.models import Effect
from integrations.models import Connection
from tests.factories import AppointmentFactory, EffectFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("as_process")]


class Detected(Exception):
    """What PostgreSQL's driver says of a deadlock."""

    sqlstate = "40P01"


def test_an_outcome_that_a_deadlock_kept_from_being_recorded_is_recorded() -> None:
    visit = AppointmentFactory()
    Connection.objects.create(
        practice=visit.practice,
        vendor=Vendor.ATHENAHEALTH,
        base_url="https://v.example",
        secret="s",
    )
    queued = EffectFactory(appointment=visit, kind=EffectKind.READ_APPOINTMENT)
    effect = execute.claim(queued.pk)
    assert effect is not None
    tried: list[datetime] = []

    def apply(row: Effect, now: datetime) -> None:
        tried.append(now)
        if len(tried) == 1:
            raise OperationalError from Detected()

    settle(effect, Completed("Read.", apply))
    assert len(tried) == 2
    effect.refresh_from_db()
    assert effect.status == EffectStatus.ACCEPTED
