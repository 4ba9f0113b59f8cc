"""Looking again at everything ahead, when what was changed bears on every decision."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.deadlocks import retried
from campaigns.domain.values import IN_FLIGHT, AppointmentStatus, EffectStatus, Vendor
from campaigns.look_queue import concerned, look_again
from campaigns.models import BULK, PROMPT, ROUTINE, Appointment, Effect, Practice


def look_at_upcoming(practice: Practice, priority: int = BULK) -> int:
    """Make looks due at the practice's visits that are ahead or still hold an enrollment.

    BULK, so that a patient's answer never waits behind a rule change. One statement, whatever
    the number of visits. It locks them in the order of their ids, as looks do; what still can
    wait in a circle is done again by `deadlocks.retried`.
    """
    now = database_now()
    ahead = Appointment.objects.filter(concerned(now), practice=practice)
    transaction.on_commit(lambda: _look_at_newcomers(practice, now, priority), robust=True)
    return _look_in_order(ahead, now, priority)


def _look_at_newcomers(practice: Practice, since: datetime, priority: int) -> None:
    """A visit that came while the change was being stored was not marked with the others, and may
    have been decided by what was in force before: it is among those decided since."""
    visits = Appointment.objects.filter(
        concerned(since), practice=practice, decisions__at__gte=since
    )
    retried(lambda: _look_in_order(visits, database_now(), priority))


def look_at_waiting(practice: Practice, vendor: Vendor) -> int:
    """Make looks due at the visits with effects that wait for a vendor: whether it is paused is
    part of what their coverage says."""
    now = database_now()
    waiting = Effect.objects.filter(
        practice=practice, vendor=vendor, status__in=[EffectStatus.QUEUED, *IN_FLIGHT]
    )
    about_patients = waiting.filter(appointment__isnull=True).values("patient")
    visits = Appointment.objects.filter(
        Q(pk__in=waiting.filter(appointment__isnull=False).values("appointment"))
        | Q(patient__in=about_patients, status=AppointmentStatus.SCHEDULED)
    )
    return _look_in_order(visits, now, ROUTINE)


def _look_in_order(visits: QuerySet[Appointment], now: datetime, priority: int) -> int:
    # Two levels, because a row cannot be locked through an outer join.
    in_order = (
        Appointment.objects.filter(pk__in=visits.values("pk")).select_for_update().order_by("pk")
    )
    # Also for whoever calls this on its own: rows are locked in a transaction only.
    with transaction.atomic(savepoint=False):
        rows = Appointment.objects.filter(pk__in=in_order.values("pk"))
        marked = look_again(rows, now, priority)
        # An effect does not go out before the look that is owed; an urgent one waits for its own.
        urgent = Effect.objects.filter(
            status=EffectStatus.QUEUED, priority=PROMPT, appointment__in=visits.values("pk")
        )
        Appointment.objects.filter(pk__in=urgent.values("appointment")).update(look_priority=PROMPT)
        return marked
