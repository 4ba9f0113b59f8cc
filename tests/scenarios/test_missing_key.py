"""A process that was started without a field key: it takes no work, and what failed in one that
did is counted, said, and taken at once by a process that has the key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from campaigns.decisions.failed_looks import UNOPENED
from campaigns.encryption import KeyMissing
from campaigns.models import Appointment
from campaigns.reports.status_counts import stuck
from campaigns.tasks import drain
from integrations.tasks import tick
from tests.integration.command_room import answered, said
from tests.scenarios.clinic import Clinic

pytestmark = pytest.mark.django_db(transaction=True)

OURS = list(configured.FIELD_ENCRYPTION_KEYS)
NEWER, FOREIGN = (Fernet.generate_key().decode() for _ in range(2))
DATES = ("--from", "2026-06-01", "--to", "2026-06-30")
REMEDY = "Put the missing key back at the end of FIELD_ENCRYPTION_KEYS"


def look_is_due(external_id: str) -> None:
    Appointment.objects.filter(external_id=external_id).update(look_due_at=timezone.now())


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)
    assert refusal.value.returncode == 2
    return str(refusal.value)


def test_a_process_without_the_key_takes_no_work(clinic: Clinic, settings: Any) -> None:
    appointment = clinic.book(clinic.patient())
    settings.FIELD_ENCRYPTION_KEYS = [FOREIGN]
    before = len(clinic.writes())
    for command in ("work", "poll", "collect", "sync", "redrive"):
        report, status = answered(command)
        assert status == 2
        assert REMEDY in report["error"]
    for arguments in (["reconcile"], ["backfill", *DATES], ["sweeper"], ["qcluster"]):
        assert REMEDY in refused(*arguments)
    tasks: list[Callable[[], Any]] = [drain, tick]
    for task in tasks:
        with pytest.raises(KeyMissing):
            task()
    ready = Client().get("/readyz")
    assert ready.status_code == 503
    assert REMEDY in ready.json()["problem"]
    assert clinic.feed_waiting()
    assert len(clinic.writes()) == before
    assert not Appointment.objects.exists()

    settings.FIELD_ENCRYPTION_KEYS = [NEWER, *OURS]
    report, status = answered("sync")
    assert status == 0
    assert len(clinic.active(appointment)) == 1
    assert Client().get("/readyz").status_code == 200


def test_a_look_that_a_process_without_the_key_failed_is_told_and_taken_by_a_good_one(
    clinic: Clinic, settings: Any
) -> None:
    readable = clinic.book(clinic.patient())
    clinic.sync()
    settings.FIELD_ENCRYPTION_KEYS = [NEWER, *OURS]
    unreadable = clinic.book(clinic.patient())
    clinic.sync()
    settings.FIELD_ENCRYPTION_KEYS = OURS
    for external_id in (readable, unreadable):
        look_is_due(external_id)

    report, status = answered("work")
    assert status == 1
    assert (report["failed"], report["put_off"], report["why_put_off"]) == (1, 1, UNOPENED)
    assert report["remaining"] >= 1
    assert answered("sync")[0]["work"]["put_off"] == 1
    waits = Appointment.objects.filter(look_failed_at__isnull=False)
    assert list(waits.values_list("external_id", flat=True)) == [unreadable]
    backlog = Client().get("/readyz").json()["backlog"]
    assert (backlog["looks_put_off"], backlog["why_put_off"]) == (1, UNOPENED)
    lines = {line.words: line for line in stuck([clinic.practice], timezone.now())}
    assert lines[UNOPENED].count == 1
    # Whoever has the same keys does not try it over and over.
    assert answered("work")[0]["failed"] == 0

    settings.FIELD_ENCRYPTION_KEYS = [NEWER, *OURS]
    assert "could not look at this visit again" in said("explain", unreadable)
    report, status = answered("work")
    assert status == 0
    assert "could not look" not in said("explain", unreadable)
    assert (report["failed"], report["put_off"], report["remaining"]) == (0, 0, 0)
    assert "why_put_off" not in report
    assert not Appointment.objects.filter(look_failed_at__isnull=False).exists()


def test_a_fault_that_no_key_mends_waits_its_ten_minutes(clinic: Clinic, settings: Any) -> None:
    appointment = clinic.book(clinic.patient())
    with mock.patch("campaigns.decisions.look.decide", side_effect=ZeroDivisionError):
        report, status = answered("sync")
    assert status == 1
    assert (report["work"]["failed"], report["work"]["put_off"]) == (1, 1)
    settings.FIELD_ENCRYPTION_KEYS = [NEWER, *OURS]
    assert answered("work")[0]["executed"] == 0
    look_is_due(appointment)
    report, status = answered("work")
    assert (status, report["put_off"]) == (0, 0)
    assert len(clinic.active(appointment)) == 1
