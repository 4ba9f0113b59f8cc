"""An enrollment that Relatient names as the active one, though Kept had given it up."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campaigns.domain.values import EnrollmentStatus
from campaigns.enrollments.status import mirror
from campaigns.models import Appointment, Enrollment
from campaigns.vendor_records import EnrollmentRecord
from tests.factories import AppointmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


def generation(
    visit: Appointment, number: int, status: EnrollmentStatus, vendor_id: str
) -> Enrollment:
    return Enrollment.objects.create(
        practice=visit.practice,
        appointment=visit,
        patient=visit.patient,
        generation=number,
        campaign="cmp_preventive_en",
        status=status,
        vendor_id=vendor_id,
        starts_at=visit.starts_at,
        lead_channel="sms",
        created_at=timezone.now(),
    )


def test_it_is_taken_over_under_the_id_that_an_ended_one_of_ours_had() -> None:
    visit = AppointmentFactory()
    ended = generation(visit, 1, EnrollmentStatus.CANCELLED, "enr_1")
    wanted = generation(visit, 2, EnrollmentStatus.ENROLLING, "")
    starts_at = visit.starts_at.isoformat()
    record = EnrollmentRecord(
        vendor_id="enr_1",
        patient_vendor_id="pat_1",
        appointment_external_id=visit.external_id,
        campaign="cmp_preventive_en",
        status=EnrollmentStatus.ACTIVE,
        vendor_state={"visit": {"starts_at": starts_at}, "lead_channel": "sms"},
        created_at=timezone.now(),
    )
    mirror(wanted, record, timezone.now())
    ended.refresh_from_db()
    wanted.refresh_from_db()
    assert (wanted.status, wanted.vendor_id) == (EnrollmentStatus.ACTIVE, "enr_1")
    assert (ended.status, ended.vendor_id) == (EnrollmentStatus.CANCELLED, "")
