"""Who is calling about a visit just now: one person, for ten minutes, so that nobody else does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.context import acting_as
from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.locking import lock_appointments, lock_patient
from campaigns.models import Appointment, CallClaim

CLAIMED_FOR = timedelta(minutes=10)


class ClaimedByAnother(Exception):
    """Somebody else is calling; `claim` says who, and until when."""

    def __init__(self, claim: CallClaim) -> None:
        super().__init__("another person is calling")
        self.claim = claim


def claim(appointment: Appointment, user: Any, *, take_over: bool = False) -> CallClaim:
    """Take a visit for a call, or keep it for longer; ClaimedByAnother unless `take_over`.

    Of two people who ask at once the database lets one in first, and the other one is refused.
    """
    with transaction.atomic(), acting_as(user=user):
        lock_patient(appointment.patient_id)
        current = lock_appointments([appointment.pk])[appointment.pk]
        now = database_now()
        other = claim_of_another(current, user, now)
        if other is not None and not take_over:
            raise ClaimedByAnother(other)
        made, _ = CallClaim.objects.update_or_create(
            appointment=current,
            defaults={
                "practice_id": current.practice_id,
                "user": user,
                "claimed_at": now,
                "until": now + CLAIMED_FOR,
            },
        )
        audit_row("call.taken_over" if other else "call.claimed", current)
        return made


def release(appointment: Appointment, user: Any) -> bool:
    """Give a visit back; False when it was not claimed by this person (any more)."""
    with transaction.atomic(), acting_as(user=user):
        lock_patient(appointment.patient_id)
        current = lock_appointments([appointment.pk])[appointment.pk]
        mine = CallClaim.objects.filter(appointment=current, user=user)
        return end_claims(current) if mine.exists() else False


def claim_of_another(appointment: Appointment, user: Any, now: datetime) -> CallClaim | None:
    """The claim that somebody else holds. The caller holds the appointment's lock."""
    claims = CallClaim.objects.filter(appointment=appointment, until__gt=now)
    return claims.exclude(user=user).select_related("user").first()


def end_claims(appointment: Appointment) -> bool:
    """End all claims of the visit. The caller holds the lock and says in whose name."""
    ended, _ = CallClaim.objects.filter(appointment=appointment).delete()
    if ended:
        audit_row("call.released", appointment)
    return ended > 0
