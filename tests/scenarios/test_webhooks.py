"""Events of athenahealth, posted and taken in; the present state is read from the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from audit.context import acting_as
from campaigns import tasks
from campaigns.models import Appointment, Patient
from integrations.inbox import process
from integrations.models import InboundMessage
from tests.integration import webhook_room
from tests.integration.webhook_room import parameters, status
from tests.scenarios.bell import READ_PATIENT, READ_VISIT, Bell, listen, reads, taken
from tests.scenarios.clinic import PRACTICE, Clinic
from tests.scenarios.people import the_one


@pytest.fixture
def bell(clinic: Clinic) -> Bell:
    listen()
    return Bell()


@pytest.mark.parametrize("form", [status, parameters])
def test_a_booked_visit_is_enrolled_without_a_poll(clinic: Clinic, bell: Bell, form: Any) -> None:
    visit = clinic.book(clinic.patient())
    bell.tell("Appointment.schedule", visit, form=form)
    clinic.work()
    assert the_one(clinic, visit)["status"] == "active"
    assert taken() == {"new": 1}
    # Its own way round the feed changes nothing.
    before = clinic.writes()
    clinic.sync()
    assert clinic.writes() == before


def test_what_the_bell_rings_for_takes_it_in(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    bell.tell("Appointment.schedule", visit)
    for _ in range(3):
        tasks.drain()
    assert the_one(clinic, visit)["status"] == "active"


def test_a_cancelled_visit_loses_its_reminders_without_a_poll(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/cancel")
    bell.tell("Appointment.cancel", visit)
    clinic.work()
    assert clinic.active(visit) == []


def test_many_events_about_one_visit_cost_one_read(clinic: Clinic, bell: Bell) -> None:
    visit, other = (clinic.book(clinic.patient(), days=days) for days in (2, 3))
    bell.tell("Appointment.schedule", visit, other, visit, visit)
    bell.tell("Appointment.update", visit)
    with acting_as(process="test"):
        process.process_stored([clinic.practice])
    assert taken() == {"new": 2, "known": 3}
    assert reads(READ_VISIT) == 2


def test_what_was_read_since_is_not_read_again(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    bell.tell("Appointment.schedule", visit)
    clinic.poll_and_work()
    before = reads(READ_VISIT)
    with acting_as(process="test"):
        process.process_stored([clinic.practice])
    assert taken() == {"known": 1}
    assert reads(READ_VISIT) == before


def test_events_in_any_order_end_in_the_present_state(clinic: Clinic, bell: Bell) -> None:
    """What was cancelled stays cancelled, although its booking is told of last."""
    visit = clinic.book(clinic.patient())
    clinic.control(f"athena/appointments/{visit}/cancel")
    bell.tell("Appointment.cancel", visit)
    clinic.work()
    bell.tell("Appointment.schedule", visit)
    clinic.work()
    assert clinic.enrollments(visit) == []
    assert Appointment.objects.get(external_id=visit).status == "cancelled"


def test_a_moved_visit_is_told_of_in_either_order(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    moved = clinic.control(
        f"athena/appointments/{visit}/reschedule", {"starts_at": clinic.ahead(4)}
    )
    new = str(moved["newappointmentid"])
    bell.tell("Appointment.schedule", new)
    bell.tell("Appointment.reschedule", visit)
    clinic.work()
    assert clinic.active(visit) == []
    assert len(clinic.active(new)) == 1


def test_a_changed_phone_reaches_relatient_without_a_poll(clinic: Clinic, bell: Bell) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172267055"})
    bell.tell("Patient.update", patient)
    clinic.work()
    assert the_one(clinic, visit)["recipient"]["mobile_phone"] == "+16172267055"
    assert taken() == {"marked": 1}


def test_a_patient_without_a_visit_ahead_costs_no_call(clinic: Clinic, bell: Bell) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/cancel")
    clinic.sync()
    before = reads(READ_PATIENT)
    bell.tell("Patient.update", patient, patient)
    clinic.work()
    assert reads(READ_PATIENT) == before
    assert Patient.objects.get(external_id=patient).reread_wanted


def test_strangers_are_left_alone(clinic: Clinic, bell: Bell) -> None:
    stranger = clinic.patient()
    bell.tell("Patient.create", stranger)
    bell.tell("Patient.merge", stranger)
    clinic.work()
    assert taken() == {"stranger": 2}
    assert not Patient.objects.exists()


@pytest.mark.parametrize("answer", ["404", "survivor"])
@pytest.mark.parametrize("named", ["gone", "survivor"])
@pytest.mark.parametrize("survivor_is_known", [True, False])
def test_a_merge_is_taken_in_without_a_poll(
    clinic: Clinic, bell: Bell, answer: str, named: str, survivor_is_known: bool
) -> None:
    """Whichever of the two records the event names, and whatever the old id answers."""
    clinic.control("settings", {"merged_patient_read": answer})
    gone = clinic.patient(mobilephone="6172267055")
    survivor = clinic.patient(mobilephone="6172267002")
    visit = clinic.book(gone, days=2)
    if survivor_is_known:
        clinic.book(survivor, days=3)
    clinic.sync()
    clinic.control(f"athena/patients/{gone}/merge", {"into": survivor})
    bell.tell("Patient.merge", {"gone": gone, "survivor": survivor}[named])
    clinic.work()
    owner = Appointment.objects.get(external_id=visit).patient
    assert owner.external_id == survivor
    assert the_one(clinic, visit)["recipient"]["mobile_phone"] == "+16172267002"


def test_a_deleted_patient_stops_nothing(clinic: Clinic, bell: Bell) -> None:
    patient = clinic.patient()
    clinic.book(patient)
    clinic.sync()
    other = clinic.book(clinic.patient(), days=3)
    bell.tell("Patient.delete", patient, "99999999")
    bell.tell("Appointment.schedule", other)
    clinic.work()
    assert len(clinic.active(other)) == 1
    assert not InboundMessage.objects.exclude(status="processed").exists()


def test_what_is_gone_or_nobodys_is_no_problem(clinic: Clinic, bell: Bell) -> None:
    """A visit that does not exist, a slot that is open, a frozen slot, an event of no concern."""
    clinic.control(f"athena/appointments/{clinic.book(clinic.patient())}/cancel")
    rows = clinic.state()["athena"]["appointments"]
    rows = rows.values() if isinstance(rows, dict) else rows
    slot = next(str(row["appointmentid"]) for row in rows if row["appointmentstatus"] == "o")
    bell.tell("Appointment.update", "99999999", slot)
    bell.tell("Appointment.freeze", slot)
    bell.tell("Encounter.update", "4711")
    bell.focus({"reference": f"Claim/a-{PRACTICE}.C-4711"}, "Claim.create")
    clinic.work()
    assert taken() == {"unknown": 2, "ignored": 3}
    assert reads(READ_VISIT) == 2
    assert not InboundMessage.objects.exclude(status="processed").exists()


def test_a_record_of_another_practice_is_parked(clinic: Clinic, bell: Bell) -> None:
    visit = clinic.book(clinic.patient())
    bell.focus(webhook_room.focus(visit, "195901"))
    bell.focus({"reference": "Patient/a-195901.E-31001"}, "Patient.update")
    clinic.work()
    parked = InboundMessage.objects.filter(status="parked")
    assert {row.problem for row in parked} == {"athenahealth told of a record of another practice."}
    assert (parked.count(), reads(READ_VISIT)) == (2, 0)
    assert clinic.enrollments(visit) == []
