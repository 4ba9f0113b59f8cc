"""Reschedules, and patients with more than one visit."""

from __future__ import annotations

from tests.scenarios.clinic import Clinic


def test_a_reschedule_ends_the_old_reminders_before_it_begins_new_ones(clinic: Clinic) -> None:
    old = clinic.book(clinic.patient())
    clinic.sync()
    moved = clinic.control(
        f"athena/appointments/{old}/reschedule", {"starts_at": clinic.ahead(days=5)}
    )
    clinic.sync()
    new = moved["newappointmentid"]
    [ended] = clinic.enrollments(old)
    [begun] = clinic.active(new)
    assert ended["end_reason"] == "appointment_rescheduled"
    assert ended["ended_at"] <= begun["created_at"]


def test_a_chain_that_ends_cancelled_leaves_nothing_active(clinic: Clinic) -> None:
    first = clinic.book(clinic.patient())
    clinic.sync()
    moved = clinic.control(
        f"athena/appointments/{first}/reschedule", {"starts_at": clinic.ahead(days=5)}
    )
    clinic.control(f"athena/appointments/{moved['newappointmentid']}/cancel")
    clinic.sync()
    assert [row for row in clinic.enrollments() if row["status"] == "active"] == []


def test_a_new_row_seen_before_the_old_one_is_not_enrolled_beside_it(clinic: Clinic) -> None:
    old = clinic.book(clinic.patient())
    clinic.sync()
    new = clinic.control(
        f"athena/appointments/{old}/reschedule", {"starts_at": clinic.ahead(days=5)}
    )["newappointmentid"]
    clinic.drop_from_feed(old)
    clinic.sync()
    assert clinic.active(old) == []
    assert len(clinic.active(new)) == 1


def test_two_visits_of_one_patient_are_both_enrolled(clinic: Clinic) -> None:
    patient = clinic.patient()
    first, second = clinic.book(patient, days=2), clinic.book(patient, days=3)
    clinic.sync()
    assert len(clinic.active(first)) == 1
    assert len(clinic.active(second)) == 1
