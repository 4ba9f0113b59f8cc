"""Missed visits as decisions count them: each once, by the chart's day, and only while they are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.decisions.snapshot import no_shows_of
from campaigns.domain.values import AppointmentStatus, Risk
from campaigns.intake.chart import take_appointment
from campaigns.models import Appointment, Patient
from campaigns.vendor_records import AppointmentRecord, ReadSpan
from tests.factories import AppointmentFactory, DepartmentFactory, PatientFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]

NO_SHOW, COMPLETED = AppointmentStatus.NO_SHOW, AppointmentStatus.COMPLETED


@pytest.fixture
def patient() -> Patient:
    made = PatientFactory()
    DepartmentFactory(practice=made.practice)
    Patient.objects.filter(pk=made.pk).update(
        history_began=database_now(), history_ended=database_now()
    )
    return made


def missed(patient: Patient, days_ago: int = 30, **fields: object) -> Appointment:
    start = database_now().replace(microsecond=0) - timedelta(days=days_ago)
    return AppointmentFactory(
        practice=patient.practice,
        patient=patient,
        **{"status": NO_SHOW, "starts_at": start, **fields},
    )


def risk_of(patient: Patient, threshold: int) -> str:
    """By the look at a visit of tomorrow."""
    practice = patient.practice
    practice.risk_threshold = threshold
    practice.save(update_fields=["risk_threshold"])
    visit = AppointmentFactory(practice=practice, patient=patient, look_due_at=database_now())
    look(visit.pk)
    visit.refresh_from_db()
    return visit.route_risk


def test_a_missed_visit_with_a_row_for_a_second_resource_counts_once(patient: Patient) -> None:
    visit = missed(patient)
    missed(patient, starts_at=visit.starts_at, secondary=True)
    assert risk_of(patient, threshold=2) == Risk.STANDARD


def test_two_visits_missed_on_one_day_count_twice(patient: Patient) -> None:
    visit = missed(patient)
    assert visit.starts_at is not None
    missed(patient, starts_at=visit.starts_at + timedelta(hours=2))
    assert risk_of(patient, threshold=2) == Risk.ENHANCED


def test_the_day_is_the_one_that_the_chart_prints(patient: Patient) -> None:
    # 22:30 in Phoenix is the next day in New York, where the practice is.
    start = datetime(2026, 11, 1, 22, 30, tzinfo=ZoneInfo("America/Phoenix"))
    missed(patient, starts_at=start, time_zone="America/Phoenix")
    assert no_shows_of([patient.pk]) == {patient.pk: (date(2026, 11, 1),)}


def taken(visit: Appointment, status: AppointmentStatus) -> None:
    """The chart shows the past visit so now."""
    began = database_now()
    record = AppointmentRecord(
        external_id=visit.external_id,
        patient_external_id=visit.patient.external_id,
        status=status,
        local_start=visit.local_start.replace(tzinfo=None),
        duration_minutes=visit.duration_minutes,
        department_external_id=visit.department_external_id,
        provider_external_ids=tuple(visit.provider_external_ids),
        type_external_id=visit.type_external_id,
        type_name="",
        patient_type_name="",
    )
    take_appointment(visit.practice, record, ReadSpan(began, database_now()))


@pytest.mark.parametrize("mended", [COMPLETED, AppointmentStatus.CANCELLED])
def test_a_no_show_that_staff_mend_has_the_other_visits_judged_anew(
    patient: Patient, mended: AppointmentStatus
) -> None:
    past = missed(patient)
    Appointment.objects.filter(pk=past.pk).update(
        read_ended=database_now() - timedelta(minutes=5),
        read_began=database_now() - timedelta(minutes=6),
    )
    ahead = AppointmentFactory(
        practice=patient.practice, patient=patient, look_due_at=database_now()
    )
    look(ahead.pk)
    ahead.refresh_from_db()
    assert ahead.route_risk == Risk.ENHANCED
    taken(past, mended)
    assert look(ahead.pk) is not None
    ahead.refresh_from_db()
    assert ahead.route_risk == Risk.STANDARD
