"""Making looks due: the durable memory of every trigger.

Nothing here looks at a visit. It stores in the visit's row that a look is due (`look_due_at`) and
how urgent it is; the sweeper takes what is due (sweep.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Least

from campaigns.address_digest import digests_of
from campaigns.clock import database_now
from campaigns.domain.effects import kinds_sent_to
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.values import IN_FLIGHT, AppointmentStatus, EffectStatus, System
from campaigns.locking import lineage_ids, retried
from campaigns.models import BULK, PROMPT, ROUTINE, Appointment, Effect, Patient, Practice


def schedule_looks(rows: QuerySet[Appointment], now: datetime, priority: int = PROMPT) -> int:
    """Make looks due now; one that is due already, or more urgent, stays so."""
    due_already = Q(look_due_at__lte=now)
    return rows.update(
        look_due_at=Case(When(due_already, then=F("look_due_at")), default=Value(now)),
        look_priority=Case(
            When(due_already, then=Least(F("look_priority"), priority)), default=Value(priority)
        ),
    )


def schedule_look(appointment: Appointment, now: datetime, priority: int = PROMPT) -> None:
    """Make looks due at one appointment and at its whole lineage."""
    ids = lineage_ids(appointment.practice, appointment)
    schedule_looks(Appointment.objects.filter(pk__in=ids), now, priority)


def schedule_looks_of_patient(patient: Patient, now: datetime, priority: int = PROMPT) -> int:
    """Make looks due at all of a patient's visits that are ahead or still hold an enrollment."""
    ids = patient.appointments.filter(still_relevant(now)).values("pk")
    return schedule_looks(Appointment.objects.filter(pk__in=ids), now, priority)


def schedule_looks_beside(
    appointment: Appointment,
    patients: Iterable[int],
    starts: Iterable[datetime | None],
    now: datetime,
    priority: int,
) -> int:
    """Make looks due at the other booked visits of these patients (our ids) that begin at one of
    these times: what is said of them depends on this one.
    """
    beside = Appointment.objects.filter(
        patient__in=list(patients),
        starts_at__in=[start for start in starts if start is not None],
        status=AppointmentStatus.SCHEDULED,
    ).exclude(pk=appointment.pk)
    return schedule_looks(beside, now, priority)


def schedule_looks_at_reach(
    practice: Practice, reach: str, now: datetime, priority: int = PROMPT
) -> int:
    """Make looks due at the visits that are written to at a number or an address, whoever they are
    about.

    One that is being looked at for the first time is not found here; the request that comes of
    that look leads to the next, before anything is sent there.
    """
    found = digests_of(reach)
    written_to = Q(sms_digest__in=found) | Q(email_digest__in=found) | Q(voice_digest__in=found)
    visits = Appointment.objects.filter(written_to, still_relevant(now), practice=practice)
    return _schedule_in_order(visits, now, priority)


def still_relevant(now: datetime) -> Q:
    """The visits on which a change can still bear: ahead, or holding an enrollment."""
    ahead = Q(status=AppointmentStatus.SCHEDULED) & (
        Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    )
    return ahead | Q(enrollments__status__in=sorted(LIVE))


def schedule_upcoming_looks(practice: Practice, priority: int = BULK) -> int:
    """Make looks due at the practice's visits that are ahead or still hold an enrollment.

    BULK, so that a patient's answer never waits behind a rule change. One statement, whatever
    the number of visits. It locks them in the order of their ids, as looks do; what still can
    wait in a circle is done again by `locking.retried`.
    """
    now = database_now()
    ahead = Appointment.objects.filter(still_relevant(now), practice=practice)
    transaction.on_commit(lambda: _schedule_newcomers(practice, now, priority), robust=True)
    return _schedule_in_order(ahead, now, priority)


def _schedule_newcomers(practice: Practice, since: datetime, priority: int) -> None:
    """Make looks due at visits that came while the change was being stored.

    They were not marked with the others, and may have been decided by what was in force before:
    they are among those decided since.
    """
    visits = Appointment.objects.filter(
        still_relevant(since), practice=practice, decisions__at__gte=since
    )
    retried(lambda: _schedule_in_order(visits, database_now(), priority))


def schedule_looks_waiting_for(practice: Practice, system: System) -> int:
    """Make looks due at the visits with effects that wait for a system: whether it is paused is
    part of what their coverage says."""
    now = database_now()
    waiting = Effect.objects.filter(
        practice=practice,
        kind__in=kinds_sent_to([system]),
        status__in=[EffectStatus.QUEUED, *IN_FLIGHT],
    )
    about_patients = waiting.filter(appointment__isnull=True).values("patient")
    visits = Appointment.objects.filter(
        Q(pk__in=waiting.filter(appointment__isnull=False).values("appointment"))
        | Q(patient__in=about_patients, status=AppointmentStatus.SCHEDULED)
    )
    return _schedule_in_order(visits, now, ROUTINE)


def _schedule_in_order(visits: QuerySet[Appointment], now: datetime, priority: int) -> int:
    # Two levels, because a row cannot be locked through an outer join.
    in_order = (
        Appointment.objects.filter(pk__in=visits.values("pk")).select_for_update().order_by("pk")
    )
    # Also for whoever calls this on its own: rows are locked in a transaction only.
    with transaction.atomic(savepoint=False):
        rows = Appointment.objects.filter(pk__in=in_order.values("pk"))
        marked = schedule_looks(rows, now, priority)
        # An effect does not go out before the look that is owed; an urgent one waits for its own.
        urgent = Effect.objects.filter(
            status=EffectStatus.QUEUED, priority=PROMPT, appointment__in=visits.values("pk")
        )
        Appointment.objects.filter(pk__in=urgent.values("appointment")).update(look_priority=PROMPT)
        return marked
