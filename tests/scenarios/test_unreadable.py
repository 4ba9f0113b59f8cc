"""What cannot be read is not believed: a visit's row that makes no sense, a date that is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from audit.context import acting_as
from campaigns.models import Appointment, Effect, WorkItem
from integrations.models import InboundMessage
from integrations.operations import run
from tests.scenarios.clinic import Clinic
from tests.scenarios.people import change, the_one

MOTHER = {
    "guarantorfirstname": "Ida",
    "guarantorlastname": "Quimby",
    "guarantorrelationshiptopatient": "18",
    "guarantorphone": "6172267055",
}


@pytest.fixture(autouse=True)
def our_clock(settings: Any) -> None:
    """PostgreSQL's own cannot be moved to another day."""
    settings.KEPT_CLOCK = "process"


def coverage(visit: str) -> tuple[str, str]:
    row = Appointment.objects.get(external_id=visit)
    return row.coverage_state, row.coverage_code


def told(visit: str) -> list[str]:
    """What the desk is told of things that cannot be read."""
    items = WorkItem.objects.filter(appointment__external_id=visit, kind="record_unreadable")
    return [item.sentence for item in items.filter(closed_at=None)]


def comes_back(clinic: Clinic, visit: str, **fields: Any) -> None:
    clinic.control(f"athena/appointments/{visit}/change", fields)
    clinic.sync()


@pytest.mark.parametrize(
    ("nonsense", "sense", "what"),
    [
        ({"appointmentstatus": "o", "patientid": None}, {"appointmentstatus": "f"}, "status"),
        ({"appointmentstatus": "q"}, {"appointmentstatus": "f"}, "status"),
        ({"date": "01/01/1850"}, {}, "date or time"),
        ({"patientid": None}, {}, "patient"),
    ],
)
def test_a_row_that_makes_no_sense_ends_the_reminders_until_it_makes_sense_again(
    clinic: Clinic, nonsense: dict[str, Any], sense: dict[str, Any], what: str
) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, days=5)
    clinic.sync()
    good = {name: clinic.chart(visit)[name] for name in ("date", "patientid")}
    comes_back(clinic, visit, **nonsense)
    # It was read again before anybody was believed.
    assert Effect.objects.filter(purpose="disbelieved", status="accepted").count() == 1
    ended = the_one(clinic, visit)
    assert (ended["status"], ended["end_reason"]) == ("cancelled", "not_eligible")
    assert coverage(visit) == ("blocked", "record_unreadable")
    assert told(visit) == [f"In athenahealth the visit's {what} cannot be read. Correct it there."]
    # The visit says so itself; nothing waits in the list of parked rows.
    assert not InboundMessage.objects.filter(status="parked").exists()
    # Its first message went out today, so the next enrollment waits for tomorrow.
    comes_back(clinic, visit, **{**good, **sense})
    assert not told(visit)
    assert len(clinic.enrollments(visit)) == 1
    row = Appointment.objects.get(external_id=visit)
    assert row.coverage_code == "effect_in_flight"
    assert row.look_due_at is not None
    with time_machine.travel(row.look_due_at + timedelta(minutes=1), tick=True):
        clinic.work()
    assert [one["status"] for one in clinic.enrollments(visit)] == ["cancelled", "active"]


def test_a_row_that_made_no_sense_once_changes_nothing(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient(), days=5)
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/change", {"appointmentstatus": "q"})
    with acting_as(process="test"):
        run.poll(clinic.practice)
    assert Appointment.objects.get(external_id=visit).unreadable == "status"
    clinic.control(f"athena/appointments/{visit}/change", {"appointmentstatus": "f"})
    clinic.work()
    assert coverage(visit) == ("enrolled", "enrolled")
    assert the_one(clinic, visit)["status"] == "active"


def test_what_went_out_on_an_earlier_day_keeps_nobody_waiting(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient(), days=9)
    clinic.sync()
    enrolled = the_one(clinic, visit)["created_at"]
    with time_machine.travel(datetime.fromisoformat(enrolled) + timedelta(days=2), tick=True):
        comes_back(clinic, visit, appointmentstatus="q")
        assert coverage(visit) == ("blocked", "record_unreadable")
        comes_back(clinic, visit, appointmentstatus="f")
        assert [one["status"] for one in clinic.enrollments(visit)] == ["cancelled", "active"]


def test_a_read_that_somebody_asked_for_is_made_once_when_it_makes_no_sense(
    clinic: Clinic,
) -> None:
    visit = clinic.book(clinic.patient(), days=5)
    clinic.sync()
    comes_back(clinic, visit, appointmentstatus="q")
    reads = Effect.objects.filter(kind="read_appointment").count()
    now = Appointment.objects.get(external_id=visit).read_ended
    Appointment.objects.filter(external_id=visit).update(reread_wanted=True, look_due_at=now)
    clinic.work()
    assert Effect.objects.filter(kind="read_appointment").count() == reads + 1
    assert not Appointment.objects.get(external_id=visit).reread_wanted


def test_an_answer_about_a_visit_that_cannot_be_read_goes_to_the_desk(clinic: Clinic) -> None:
    visit = clinic.book(clinic.patient(), days=5)
    clinic.sync()
    # The chart is read before it is written to: that is when Kept first sees the nonsense.
    clinic.control(f"athena/appointments/{visit}/change", {"appointmentstatus": "q"})
    clinic.answer(visit, "confirmed")
    clinic.collect_and_work()
    assert coverage(visit) == ("blocked", "record_unreadable")
    assert clinic.chart_writes(visit) == []
    item = WorkItem.objects.get(appointment__external_id=visit, kind="conflict")
    assert item.sentence.startswith("The patient answered, but the visit cannot be read")


def test_a_birth_date_is_believed_only_as_far_as_it_can_be_read(clinic: Clinic) -> None:
    child = clinic.patient(dob="2017-03-04", **MOTHER)
    visit = clinic.book(child, days=5)
    clinic.sync()
    assert the_one(clinic, visit)["recipient"]["mobile_phone"] == "+16172267055"
    assert told(visit) == ["In athenahealth the date of birth cannot be read. Correct it there."]
    for text in ("01/15/2062", "03/04/17", "unknown"):
        change(clinic, child, dob=text)
        assert coverage(visit) == ("blocked", "record_unreadable")
        assert not clinic.active(visit)
        assert len(told(visit)) == 1
    [record] = clinic.state()["relatient"]["patients"]
    assert not (record.get("mobile_phone") or record.get("date_of_birth"))
    change(clinic, child, dob="03/04/2017")
    assert not told(visit)
    [active] = clinic.active(visit)
    assert active["recipient"]["kind"] == "guardian"


def test_a_date_of_death_that_cannot_be_read_is_not_taken_for_life(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, days=5)
    clinic.sync()
    change(clinic, patient, deceaseddate="2026-11-30")
    assert coverage(visit) == ("excluded", "patient_inactive")
    assert told(visit) == ["In athenahealth the date of death cannot be read. Correct it there."]
    assert not clinic.active(visit)
    change(clinic, patient, deceaseddate=None)
    assert not told(visit)
    assert clinic.active(visit)
