"""Marking appointments to be looked at again: the durable memory of every trigger."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Least

from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.values import AppointmentStatus
from campaigns.locking import lineage_ids
from campaigns.models import PROMPT, Appointment, Patient


def look_again(rows: QuerySet[Appointment], now: datetime, priority: int = PROMPT) -> int:
    """Make looks due now; one that is due already, or more urgent, stays so."""
    due_already = Q(look_due_at__lte=now)
    return rows.update(
        look_due_at=Case(When(due_already, then=F("look_due_at")), default=Value(now)),
        look_priority=Case(
            When(due_already, then=Least(F("look_priority"), priority)), default=Value(priority)
        ),
    )


def look_at(appointment: Appointment, now: datetime, priority: int = PROMPT) -> None:
    """Look again at one appointment and at its whole lineage."""
    ids = lineage_ids(appointment.practice, appointment)
    look_again(Appointment.objects.filter(pk__in=ids), now, priority)


def look_at_patient(patient: Patient, now: datetime, priority: int = PROMPT) -> int:
    """Look again at all of a patient's visits that are ahead or still hold an enrollment."""
    ids = patient.appointments.filter(concerned(now)).values("pk")
    return look_again(Appointment.objects.filter(pk__in=ids), now, priority)


def concerned(now: datetime) -> Q:
    """The visits on which a change can still bear: ahead, or holding an enrollment."""
    ahead = Q(status=AppointmentStatus.SCHEDULED) & (
        Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    )
    return ahead | Q(enrollments__status__in=sorted(LIVE))
