"""A process killed with -9 while it reads a feed leaves its lease: who comes next says so.

And one that is started without the field key ends at once, beside others that go on.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from campaigns.clock import database_now
from campaigns.domain.coverage import Code
from campaigns.models import Appointment, Response
from integrations.models import FeedCursor
from tests.chaos.processes import SECONDS, killed_at, start
from tests.integration.command_room import answered
from tests.scenarios.clinic import Clinic


def the_lease_is_nearly_over() -> None:
    FeedCursor.objects.exclude(lease_token="").update(
        lease_until=database_now() + timedelta(seconds=1.5)
    )


@pytest.mark.parametrize(
    ("command", "point"), [("poll", "window_stored"), ("collect", "before_events_stored")]
)
def test_the_lease_of_a_killed_reader_is_told_and_waited_for(
    clinic: Clinic, command: str, point: str
) -> None:
    visit = clinic.book(clinic.patient())
    if command == "collect":
        clinic.sync()
        clinic.answer(visit, "confirmed")
    killed_at(point, command)

    report, status = answered(command)
    assert status == 0
    assert 0 < report["waiting_for_lease"] <= 120
    assert Appointment.objects.count() == (command == "collect")
    assert not Response.objects.exists()
    the_lease_is_nearly_over()
    report, status = answered("sync", "--seconds", "60")
    assert status == 0
    assert "waiting_for_lease" not in str(report)
    assert report["work"]["remaining"] == 0
    assert Appointment.objects.get().coverage_code == Code.ENROLLED
    assert len(clinic.active(visit)) == 1
    assert Response.objects.count() == (command == "collect")
    assert len(clinic.chart_writes(visit)) == (command == "collect")


def test_a_process_without_the_key_ends_at_once(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient())
    other = start("sweeper", FIELD_ENCRYPTION_KEYS=Fernet.generate_key().decode())
    _, said = other.communicate(timeout=SECONDS)
    assert other.returncode == 2
    assert "Put the missing key back at the end of FIELD_ENCRYPTION_KEYS" in said
    assert not Appointment.objects.exists()
    clinic.sync()
    assert len(clinic.active(visit)) == 1
