"""The four triggers over real HTTP, judged by what the vendors hold."""

from __future__ import annotations

from tests.scenarios.clinic import Clinic


def test_a_new_appointment_is_enrolled_once(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [enrollment] = clinic.enrollments(appointment)
    assert enrollment["status"] == "active"
    assert enrollment["campaign_id"] == "cmp_preventive_en"


def test_a_confirmation_stands_in_the_chart(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.sync()
    assert str(clinic.chart(appointment)["appointmentconfirmationid"]) == "2"
    assert len(clinic.active(appointment)) == 1
