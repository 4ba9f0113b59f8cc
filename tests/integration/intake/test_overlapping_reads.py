"""Reads that overlap: what one of them brought is not lost to another that may be older."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.clock import database_now
from campaigns.decisions import snapshot
from campaigns.domain.values import AppointmentStatus
from campaigns.intake.chart import Taken, take_appointment, take_patient
from campaigns.intake.patient_rereads import RereadResult, patient_changed
from campaigns.models import Appointment, Patient, Practice
from campaigns.vendor_records import AppointmentRecord, PatientRecord, ReadSpan
from tests.factories import AppointmentFactory, DepartmentFactory, EffectFactory, PracticeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]

SCHEDULED, CANCELLED = AppointmentStatus.SCHEDULED, AppointmentStatus.CANCELLED


@pytest.fixture
def practice() -> Practice:
    made = PracticeFactory()
    DepartmentFactory(practice=made)
    return made


def span(began: int, ended: int) -> ReadSpan:
    """Seconds of the last minute."""
    start = minute_ago()
    return ReadSpan(start + timedelta(seconds=began), start + timedelta(seconds=ended))


def minute_ago() -> datetime:
    return database_now().replace(microsecond=0) - timedelta(minutes=1)


def visit(status: AppointmentStatus, **fields: Any) -> AppointmentRecord:
    return AppointmentRecord(
        external_id="1",
        patient_external_id="5",
        status=status,
        local_start=datetime(2030, 3, 4, 9, 30),
        duration_minutes=20,
        department_external_id="1",
        provider_external_ids=("71",),
        type_name="Physical",
        patient_type_name="Physical",
        **{"type_external_id": "82", **fields},
    )


def test_an_older_answer_does_not_settle_what_two_reads_disagree_about(practice: Practice) -> None:
    take_appointment(practice, visit(SCHEDULED), span(0, 10))
    take_appointment(practice, visit(CANCELLED), span(5, 20))
    # Began after the first had ended, but perhaps read before the second was.
    take_appointment(practice, visit(SCHEDULED), span(11, 15))
    row = Appointment.objects.get()
    assert row.reread_wanted
    take_appointment(practice, visit(CANCELLED), span(30, 31))
    row.refresh_from_db()
    assert (row.status, row.reread_wanted) == (CANCELLED, False)


def test_nor_for_a_patient(practice: Practice) -> None:
    old, new = PatientRecord("5", mobile_phone="6172530142"), PatientRecord("5")
    take_patient(practice, old, span(0, 10))
    take_patient(practice, new, span(5, 20))
    take_patient(practice, old, span(11, 15))
    assert Patient.objects.get().reread_wanted
    take_patient(practice, new, span(30, 31))
    patient = Patient.objects.get()
    assert (patient.described.mobile_phone, patient.reread_wanted) == ("", False)


def test_a_visit_that_two_reads_disagree_about_counts_as_not_read(practice: Practice) -> None:
    """It may have been rescheduled into the visit that waits to be enrolled."""
    take_appointment(practice, visit(SCHEDULED), span(0, 10))
    take_appointment(practice, visit(CANCELLED), span(5, 20))
    held = Appointment.objects.get()
    other = AppointmentFactory(
        practice=practice,
        patient=held.patient,
        starts_at=held.starts_at,
        local_start=held.local_start,
    )
    [sibling] = snapshot.build(other, {other.pk}).siblings
    assert sibling.read_at is None


def test_news_of_a_patient_during_their_first_read_is_not_lost(practice: Practice) -> None:
    patient = Patient.objects.create(practice=practice, external_id="5")
    read = EffectFactory(
        practice=practice,
        appointment=None,
        patient=patient,
        kind="read_patient",
        status="claimed",
        lease_token="token",
        lease_until=database_now() + timedelta(minutes=1),
    )
    assert (
        patient_changed(practice, "5", minute_ago() + timedelta(seconds=15)) is RereadResult.MARKED
    )
    # It began before the change, and ends after it was told.
    take_patient(practice, PatientRecord("5", mobile_phone="6172530142"), span(10, 20))
    patient.refresh_from_db()
    assert patient.reread_wanted
    read.delete()
    take_patient(practice, PatientRecord("5"), span(30, 31))
    patient.refresh_from_db()
    assert not patient.reread_wanted


def test_news_of_a_patient_whom_nobody_reads_yet_costs_nothing(practice: Practice) -> None:
    Patient.objects.create(practice=practice, external_id="5")
    assert patient_changed(practice, "5", database_now()) is RereadResult.KNOWN
    take_patient(practice, PatientRecord("5"), span(10, 20))
    assert not Patient.objects.get().reread_wanted


def test_a_field_that_kept_did_not_know_before_is_no_change_of_the_chart(
    practice: Practice,
) -> None:
    record = PatientRecord("7001", first_name="Ada", mobile_phone="6172530143")
    take_patient(practice, record, span(0, 1))
    row = Patient.objects.get(external_id="7001")
    del row.record["preferred_name"]
    row.save()
    assert take_patient(practice, record, span(2, 3)) is Taken.UNCHANGED
    named = replace(record, preferred_name="Kit")
    assert take_patient(practice, named, span(4, 5)) is Taken.CHANGED


@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_that_a_list_leaves_out_is_kept_for_the_same_type_alone(
    practice: Practice, flag: bool
) -> None:
    take_appointment(practice, visit(SCHEDULED, telehealth=flag), span(0, 1))
    take_appointment(practice, visit(SCHEDULED), span(2, 3))
    assert Appointment.objects.get().telehealth is flag
    take_appointment(practice, visit(SCHEDULED, type_external_id="83"), span(4, 5))
    assert Appointment.objects.get().telehealth is None
