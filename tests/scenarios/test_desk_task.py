"""The desk's task for missing contact data: one per visit, looked for first, closed by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Effect, Practice, WorkItem
from tests.scenarios.clinic import Clinic

CHILD = (datetime.now(UTC) - timedelta(days=8 * 365)).strftime("%m/%d/%Y")
UNREACHABLE = {"mobilephone": None, "email": None}


def marker(appointment: str) -> str:
    return f"Kept-a{appointment}-contact"


def tasks(clinic: Clinic, patient: str, appointment: str) -> list[str]:
    """The tasks in athenahealth for this visit."""
    texts = [case["internalnote"] for case in clinic.cases(patient)]
    return [text for text in texts if marker(appointment) in text]


def open_items(appointment: str) -> int:
    return WorkItem.objects.filter(
        kind="no_contact", appointment__external_id=appointment, closed_at__isnull=True
    ).count()


def test_each_visit_has_one_task_however_often_it_is_looked_at(clinic: Clinic) -> None:
    patient = clinic.patient(**UNREACHABLE)
    first, second = clinic.book(patient, days=2), clinic.book(patient, days=5)
    clinic.sync()
    clinic.control(f"athena/appointments/{first}/change", {"starts_at": clinic.ahead(3)})
    clinic.control(f"athena/patients/{patient}", {"lastname": "Changed"})
    clinic.sync()
    for visit in (first, second):
        assert len(tasks(clinic, patient, visit)) == 1
        assert open_items(visit) == 1


def test_a_changed_setting_does_not_ask_a_second_time(clinic: Clinic) -> None:
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.sync()
    Practice.objects.update(desk_task="schedule_note")
    clinic.control(f"athena/appointments/{appointment}/change", {"starts_at": clinic.ahead(3)})
    clinic.sync()
    assert len(tasks(clinic, patient, appointment)) == 1
    notes = [note["notetext"] for note in clinic.chart(appointment)["notes"]]
    assert not any(marker(appointment) in note for note in notes)


@pytest.mark.parametrize("kind", ["reset_after", "garbage"])
def test_a_task_written_without_an_answer_is_not_written_twice(clinic: Clinic, kind: str) -> None:
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.fault(kind=kind, method="POST", path="documents/patientcase")
    clinic.sync()
    clinic.work(seconds=10)
    assert Effect.objects.get(kind="patient_case").status == "accepted"
    assert len(tasks(clinic, patient, appointment)) == 1


def test_a_task_that_is_there_already_is_found(clinic: Clinic) -> None:
    """Kept's database was put back to yesterday's."""
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.sync()
    task = Effect.objects.get(kind="patient_case")
    task.status, task.next_attempt_at, task.finished_at = "queued", task.created_at, None
    task.save()
    clinic.sync()
    task.refresh_from_db()
    assert (task.status, task.sentence) == ("accepted", "The task is there already.")
    assert len(tasks(clinic, patient, appointment)) == 1


def test_a_note_on_the_schedule_will_do_as_well_once(clinic: Clinic) -> None:
    Practice.objects.update(desk_task="schedule_note")
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.fault(kind="reset_after", method="POST", path="/notes$")
    clinic.sync()
    clinic.work(seconds=10)
    notes = [note["notetext"] for note in clinic.chart(appointment)["notes"]]
    assert len([note for note in notes if marker(appointment) in note]) == 1
    assert clinic.cases(patient) == []


def test_when_the_data_appears_the_item_leaves_the_list_and_reminders_begin(
    clinic: Clinic,
) -> None:
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.sync()
    assert open_items(appointment) == 1
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172530177"})
    clinic.sync()
    assert open_items(appointment) == 0
    assert len(clinic.active(appointment)) == 1
    assert len(tasks(clinic, patient, appointment)) == 1


def test_so_it_does_for_a_child_once_a_grown_up_can_be_reached(clinic: Clinic) -> None:
    patient = clinic.patient(
        dob=CHILD, guarantorphone=None, guarantoremail=None, guarantorrelationshiptopatient="1"
    )
    appointment = clinic.book(patient)
    clinic.sync()
    assert open_items(appointment) == 1
    grown_up = {
        "guarantorfirstname": "Rosalind",
        "guarantorlastname": "Thornberry",
        "guarantorrelationshiptopatient": "18",
        "guarantorphone": "6172530123",
    }
    clinic.control(f"athena/patients/{patient}", grown_up)
    clinic.sync()
    assert open_items(appointment) == 0
    assert len(clinic.active(appointment)) == 1


def test_a_cancelled_visit_needs_no_data_any_more(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(**UNREACHABLE))
    clinic.sync()
    clinic.control(f"athena/appointments/{appointment}/cancel")
    clinic.sync()
    assert open_items(appointment) == 0


def test_data_that_went_away_again_is_asked_for_on_our_list_alone(clinic: Clinic) -> None:
    patient = clinic.patient(**UNREACHABLE)
    appointment = clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172530177"})
    clinic.sync()
    clinic.control(f"athena/patients/{patient}", {"mobilephone": None})
    clinic.sync()
    assert open_items(appointment) == 1
    assert len(tasks(clinic, patient, appointment)) == 1
    assert clinic.active(appointment) == []
