"""The one writer of an enrollment's status, by the table of domain/enrollment.py."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from audit.recorder import record as audit
from campaigns.domain.effects import ReminderBody
from campaigns.domain.enrollment import may_become
from campaigns.domain.values import EnrollmentStatus
from campaigns.models import Appointment, Enrollment
from campaigns.records import EnrollmentRecord

ENDED = frozenset({EnrollmentStatus.COMPLETED, EnrollmentStatus.CANCELLED, EnrollmentStatus.FAILED})


class ImpossibleTransition(Exception):
    """Code asked for a step the table does not have; the transaction must not be kept."""


def advance(enrollment: Enrollment, to: EnrollmentStatus, now: datetime) -> None:
    """Move an enrollment to a status and audit it; the caller holds the locks."""
    current = EnrollmentStatus(enrollment.status)
    if not may_become(current, to):
        raise ImpossibleTransition(f"enrollment {enrollment.pk}: {current.value} to {to.value}")
    if current == to:
        return
    enrollment.status = to
    if to in ENDED:
        enrollment.ended_at = now
    enrollment.save()
    audit(
        f"enrollment.{to.value}",
        practice=enrollment.practice.external_id,
        subject=("enrollment", enrollment.pk),
        appointment=enrollment.appointment.external_id,
        patient=enrollment.patient.external_id,
        detail={"from": current.value, "campaign": enrollment.campaign},
    )


def plan_enrollment(appointment: Appointment, body: dict, now: datetime) -> Enrollment:
    """The next generation of an appointment's enrollment, wanted but not yet asked for."""
    newest = appointment.enrollments.aggregate(newest=Max("generation"))["newest"] or 0
    reminder = body["reminder"]
    return Enrollment.objects.create(
        practice=appointment.practice,
        appointment=appointment,
        patient=appointment.patient,
        generation=newest + 1,
        campaign=body["campaign"],
        starts_at=datetime.fromisoformat(reminder["visit"]["starts_at"]),
        lead_channel=reminder["lead_channel"],
        created_at=now,
    )


def mirror(
    enrollment: Enrollment,
    record: EnrollmentRecord,
    now: datetime,
    asked: ReminderBody | None = None,
) -> None:
    """Take over what Relatient holds; an end that was not ours is remembered as such.

    `asked` is what a request of ours made it hold: a field that Relatient respells must not make
    every look ask for it again.
    """
    holds = record.holds
    if asked is not None and asked["visit"]["starts_at"] == holds["visit"]["starts_at"]:
        holds = asked
    ours = enrollment.status == EnrollmentStatus.CANCELLING
    enrollment.vendor_id = record.vendor_id
    enrollment.campaign = record.campaign
    enrollment.holds = holds
    enrollment.lead_channel = holds["lead_channel"]
    enrollment.starts_at = datetime.fromisoformat(holds["visit"]["starts_at"])
    if enrollment.told is None:
        enrollment.told = holds["visit"]
    if record.status == EnrollmentStatus.CANCELLED and not ours:
        enrollment.ended_elsewhere = True
    if enrollment.status == EnrollmentStatus.CANCELLING and record.status == "active":
        enrollment.save()
        return
    enrollment.save()
    advance(enrollment, record.status, now)


def gone(enrollment: Enrollment, now: datetime) -> None:
    """Relatient does not know the enrollment any more: it has ended, and not always by us."""
    if enrollment.status in ENDED:
        return
    if enrollment.status != EnrollmentStatus.CANCELLING:
        enrollment.ended_elsewhere = True
    advance(enrollment, EnrollmentStatus.CANCELLED, now)
