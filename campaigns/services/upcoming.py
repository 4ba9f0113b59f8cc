"""Looking again at everything ahead, when what was changed bears on every decision."""

from __future__ import annotations

from django.db.models import Q

from campaigns.clock import database_now
from campaigns.domain.enrollment import LIVE
from campaigns.domain.values import AppointmentStatus
from campaigns.models import BULK, Appointment, Practice
from campaigns.services.looks_due import look_again


def look_at_upcoming(practice: Practice, priority: int = BULK) -> int:
    """Make looks due at the practice's visits that are ahead or still hold an enrollment.

    BULK, so that a patient's answer never waits behind a rule change.
    """
    now = database_now()
    ahead = Q(status=AppointmentStatus.SCHEDULED) & (
        Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    )
    holding = Q(enrollments__status__in=sorted(LIVE))
    ids = Appointment.objects.filter(ahead | holding, practice=practice).values("pk")
    return look_again(Appointment.objects.filter(pk__in=ids), now, priority)
