"""A visit that athenahealth does not know any more: it ends, but not by a hiccup."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from campaigns.clock import database_now
from campaigns.domain.visit_status import ASKED_AGAIN_AFTER
from campaigns.models import Appointment, WorkItem
from tests.integration.command_room import answered
from tests.scenarios.bell import READ_VISIT, Bell, listen, reads
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import the_one

NOT_FOUND = "athenahealth does not know this visit any more"


@pytest.fixture(autouse=True)
def our_clock(settings: Any) -> None:
    """PostgreSQL's own cannot be moved on."""
    settings.KEPT_CLOCK = "process"


def code(visit: str) -> str:
    return Appointment.objects.get(external_id=visit).coverage_code


def open_items(visit: str) -> list[WorkItem]:
    return list(WorkItem.objects.filter(appointment__external_id=visit, closed_at=None))


def later() -> datetime:
    return database_now() + ASKED_AGAIN_AFTER + timedelta(minutes=1)


def reconciled() -> tuple[Any, Any]:
    report, _ = answered("reconcile")
    return report["drift"], report["repaired"]


def test_a_visit_that_is_gone_ends_with_one_work_item_and_no_more_drift(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient(), days=20)
    clinic.sync()
    gone = clinic.take_away(visit)
    assert reconciled() == (1, 1)
    # Once is no proof: nothing has ended, and nobody is bothered.
    assert clinic.active(visit) and not open_items(visit)
    assert code(visit) == "effect_in_flight"
    with time_machine.travel(later(), tick=True):
        clinic.work()
        ended = the_one(clinic, visit)
        assert (ended["status"], ended["end_reason"]) == ("cancelled", "not_eligible")
        assert code(visit) == "not_found"
        [item] = open_items(visit)
        assert item.kind == "visit_not_found" and item.sentence.startswith(NOT_FOUND)
        assert reconciled() == (0, 0)
        assert len(open_items(visit)) == 1
        assert not Appointment.objects.filter(reread_wanted=True).exists()
    # Read again it is a visit again; its first message went out today already.
    tomorrow = database_now() + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=True):
        clinic.bring_back(gone)
        assert reconciled() == (1, 1)
        assert [one["status"] for one in clinic.enrollments(visit)] == ["cancelled", "active"]
        assert code(visit) == "enrolled" and not open_items(visit)


def test_one_answer_that_there_is_no_such_visit_ends_nothing(clinic: Clinic) -> None:
    listen()
    bell, visit = Bell(), clinic.book(clinic.patient(), days=5)
    clinic.sync()
    gone = clinic.take_away(visit)
    # However many events come within these minutes, they are one moment.
    for _ in range(3):
        bell.tell("Appointment.update", visit)
        clinic.work()
    assert clinic.active(visit) and code(visit) == "effect_in_flight"
    clinic.bring_back(gone)
    asked = reads(READ_VISIT)
    with time_machine.travel(later(), tick=True):
        clinic.work()
    assert reads(READ_VISIT) == asked + 1
    assert code(visit) == "enrolled" and not open_items(visit)
    assert the_one(clinic, visit)["status"] == "active"


def test_an_answer_about_a_visit_that_is_gone_waits_and_then_goes_to_the_desk(
    clinic: Clinic,
) -> None:
    visit = clinic.book(clinic.patient(), days=5)
    clinic.sync()
    clinic.take_away(visit)
    # The chart is read before it is written to: that is when Kept first hears of it.
    clinic.answer(visit, "cancelled")
    clinic.collect_and_work()
    assert not open_items(visit)
    with time_machine.travel(later(), tick=True):
        clinic.work()
        assert not clinic.active(visit)
        kinds = {item.kind: item.sentence for item in open_items(visit)}
    assert set(kinds) == {"conflict", "visit_not_found"}
    assert kinds["conflict"].startswith("The patient answered, but the visit cannot be found")
    assert clinic.chart_writes(visit) == []


def test_a_new_visit_is_enrolled_although_another_of_the_patient_is_gone(clinic: Clinic) -> None:
    patient = clinic.patient()
    old = clinic.book(patient, days=5)
    clinic.sync()
    clinic.take_away(old)
    new = clinic.book(patient, days=9)
    clinic.sync()
    assert clinic.active(new) and clinic.active(old)
    with time_machine.travel(later(), tick=True):
        clinic.work()
        assert clinic.active(new) and not clinic.active(old)
