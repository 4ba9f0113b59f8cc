"""Looking again at everything ahead, when what was changed bears on every decision."""

from __future__ import annotations

from campaigns.clock import database_now
from campaigns.models import BULK, Appointment, Practice
from campaigns.services.looks_due import concerned, look_again


def look_at_upcoming(practice: Practice, priority: int = BULK) -> int:
    """Make looks due at the practice's visits that are ahead or still hold an enrollment.

    BULK, so that a patient's answer never waits behind a rule change.
    """
    now = database_now()
    ids = Appointment.objects.filter(concerned(now), practice=practice).values("pk")
    return look_again(Appointment.objects.filter(pk__in=ids), now, priority)
