"""The three filters and the recipient, judged by what the vendors hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Appointment
from tests.scenarios.clinic import Clinic

CHILD = (datetime.now(UTC) - timedelta(days=8 * 365)).strftime("%m/%d/%Y")


def coverage(appointment: str) -> str:
    """What the ledger says."""
    return Appointment.objects.get(external_id=appointment).coverage_code


@pytest.mark.parametrize(
    ("event", "code"),
    [("cancel", "cancelled"), ("noshow", "no_show"), ("checkin", "checked_in")],
)
def test_only_scheduled_visits_are_enrolled(clinic: Clinic, event: str, code: str) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.control(f"athena/appointments/{appointment}/{event}")
    clinic.sync()
    assert clinic.enrollments(appointment) == []
    assert coverage(appointment) == code


def test_a_no_show_of_the_last_180_days_gets_the_enhanced_campaign(clinic: Clinic) -> None:
    patient = clinic.patient()
    missed = clinic.book(patient, days=-30)
    clinic.control(f"athena/appointments/{missed}/noshow")
    appointment = clinic.book(patient)
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["campaign_id"] == "cmp_preventive_en_high"


def test_a_no_show_of_long_ago_counts_no_more(clinic: Clinic) -> None:
    patient = clinic.patient()
    missed = clinic.book(patient, days=-200)
    clinic.control(f"athena/appointments/{missed}/noshow")
    appointment = clinic.book(patient)
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["campaign_id"] == "cmp_preventive_en"


def test_without_a_mobile_number_email_alone_is_used(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(mobilephone=None))
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["channels_allowed"] == ["email"]


def test_without_mobile_number_and_email_the_desk_gets_one_task(clinic: Clinic) -> None:
    patient = clinic.patient(mobilephone=None, email=None)
    appointment = clinic.book(patient)
    clinic.sync()
    clinic.sync()
    assert clinic.enrollments(appointment) == []
    assert coverage(appointment) == "no_contact_channel"
    assert len(clinic.cases(patient)) == 1


def test_the_preferred_channel_leads(clinic: Clinic) -> None:
    patient = clinic.patient(contactpreference_appointment_email=True)
    appointment = clinic.book(patient)
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["lead_channel"] == "email"


def test_a_minor_is_written_to_by_way_of_the_guarantor(clinic: Clinic) -> None:
    patient = clinic.patient(
        dob=CHILD,
        mobilephone="6175551234",
        email="child@example.org",
        guarantorfirstname="Rosalind",
        guarantorlastname="Thornberry",
        guarantorrelationshiptopatient="3",
        guarantorphone="6172530123",
        guarantoremail="rosalind@example.org",
    )
    appointment = clinic.book(patient)
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["recipient"]["kind"] == "guardian"
    assert enrollment["recipient"]["mobile_phone"] == "+16172530123"
    assert "5551234" not in str(clinic.state()["relatient"])
    assert "child@example.org" not in str(clinic.state()["relatient"])


def test_a_minor_without_a_grown_up_is_blocked(clinic: Clinic) -> None:
    patient = clinic.patient(
        dob=CHILD, guarantorphone=None, guarantoremail=None, guarantorrelationshiptopatient="1"
    )
    appointment = clinic.book(patient)
    clinic.sync()
    assert clinic.enrollments() == []
    assert coverage(appointment) == "guardian_contact_missing"
    assert len(clinic.cases(patient)) == 1


def test_a_patient_known_to_relatient_is_brought_up_to_date(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172530177"})
    clinic.sync()
    [record] = clinic.state()["relatient"]["patients"]
    assert record["mobile_phone"] == "+16172530177"
    [enrollment] = [row for row in clinic.enrollments() if row["status"] == "active"]
    assert enrollment["recipient"]["mobile_phone"] == "+16172530177"
    assert len(clinic.initial_messages(enrollment)) == 1


def test_an_opt_out_of_all_channels_ends_the_reminders(clinic: Clinic) -> None:
    patient = clinic.patient(email=None, consenttocall=False)
    appointment = clinic.book(patient)
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    clinic.consent(patient, "sms", "opted_out")
    clinic.sync()
    assert clinic.active(appointment) == []
    assert coverage(appointment) == "opted_out"


def test_a_yes_after_a_no_in_the_same_second_counts(clinic: Clinic) -> None:
    patient = clinic.patient(email=None, consenttocall=False)
    appointment = clinic.book(patient)
    clinic.sync()
    moment = clinic.ahead(-0.1)
    for word in ("opted_out", "opted_in"):
        clinic.consent(patient, "sms", word, occurred_at=moment)
    clinic.sync()
    assert len(clinic.active(appointment)) == 1


def test_an_update_refused_for_an_opt_out_goes_through_after_the_opt_in(clinic: Clinic) -> None:
    patient = clinic.patient(email=None, consenttocall=False)
    appointment = clinic.book(patient, days=3)
    clinic.sync()
    clinic.consent(patient, "sms", "opted_out", occurred_at=clinic.ahead(-1))
    start = clinic.ahead(4)
    clinic.control(f"athena/appointments/{appointment}/change", {"starts_at": start})
    clinic.poll_and_work()
    clinic.consent(patient, "sms", "opted_in", occurred_at=clinic.ahead(-0.5))
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["appointment"]["starts_at"][:16] == start[:16]


def test_a_department_without_a_zone_name_still_has_the_right_instant(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), departmentid="150")
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    assert enrollment["appointment"]["time_zone"] == "America/Chicago"


def test_of_a_visit_with_two_resources_one_is_enrolled_whichever_is_seen_first(
    clinic: Clinic,
) -> None:
    patient = clinic.patient()
    second = clinic.book(
        patient, chargeentrynotrequired=True, chargeentrynotrequiredreason="MULTIRESOURCE"
    )
    first = clinic.book(patient, providerid="72")
    clinic.sync()
    assert len(clinic.active(first)) == 1
    assert clinic.enrollments(second) == []
    assert coverage(second) == "secondary_resource"
