"""Marking appointments to be looked at again: the durable memory of every trigger."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least

from campaigns.domain.values import AppointmentStatus, EnrollmentStatus
from campaigns.models import PROMPT, Appointment, Patient
from campaigns.services.locks import lineage_ids


def look_again(rows: QuerySet[Appointment], now: datetime, priority: int = PROMPT) -> int:
    """Make looks due now; one that is due already, or more urgent, stays so."""
    return rows.update(
        look_due_at=now,
        look_priority=Least(F("look_priority"), priority),
    )


def look_at(appointment: Appointment, now: datetime, priority: int = PROMPT) -> None:
    """Look again at one appointment and at its whole lineage."""
    ids = lineage_ids(appointment.practice, appointment)
    look_again(Appointment.objects.filter(pk__in=ids), now, priority)


def look_at_patient(patient: Patient, now: datetime, priority: int = PROMPT) -> int:
    """Look again at all of a patient's visits that are ahead or still hold an enrollment."""
    ahead = Q(status=AppointmentStatus.SCHEDULED) & (
        Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    )
    holding = Q(
        enrollments__status__in=[
            EnrollmentStatus.WANTED,
            EnrollmentStatus.ENROLLING,
            EnrollmentStatus.ACTIVE,
            EnrollmentStatus.CANCELLING,
        ]
    )
    ids = patient.appointments.filter(ahead | holding).values("pk")
    return look_again(Appointment.objects.filter(pk__in=ids), now, priority)
