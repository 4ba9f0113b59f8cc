"""What waits to be done: looks, effects and work items, in a fixed number of queries.

The practices' visits may number a hundred thousand: every question here is answered from an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from campaigns.domain.coverage import State
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.values import EffectStatus
from campaigns.models import Appointment, Effect, Practice, WorkItem

# The statuses of effects that have not ended. A refused effect has ended; whether it is still
# owed is another question.
STANDING = (
    EffectStatus.QUEUED,
    EffectStatus.CLAIMED,
    EffectStatus.UNKNOWN,
    EffectStatus.PARKED,
)


@dataclass(frozen=True)
class Due:
    """How many are due, and for how many seconds the oldest has been; 0 when none is."""

    count: int = 0
    oldest_seconds: float = 0


def looks_due(practices: Sequence[Practice], now: datetime) -> dict[int, Due]:
    """Looks that are due, by practice (our id)."""
    rows = (
        Appointment.objects.filter(practice__in=practices, look_due_at__lte=now)
        .order_by()
        .values_list("practice_id")
        .annotate(Count("pk"), Min("look_due_at"))
    )
    return _due(practices, rows, now)


def effects_due(practices: Sequence[Practice], now: datetime) -> dict[int, Due]:
    """Effects that may be attempted now, by practice (our id)."""
    rows = (
        Effect.objects.filter(practice__in=practices, next_attempt_at__lte=now)
        .order_by()
        .values_list("practice_id")
        .annotate(Count("pk"), Min("next_attempt_at"))
    )
    return _due(practices, rows, now)


def effects_standing(practices: Sequence[Practice]) -> list[tuple[int, str, str, int]]:
    """Practice (our id), kind, status and number of the effects that have not ended."""
    rows = (
        Effect.objects.filter(practice__in=practices, status__in=STANDING)
        .order_by()
        .values_list("practice_id", "kind", "status")
        .annotate(Count("pk"))
    )
    return list(rows)


def refused_and_owed(practices: Sequence[Practice]) -> QuerySet[Effect]:
    """Effects that a vendor refused and that a person still has to see to.

    A refusal is over when its visit is closed and holds no reminders any more, or when a person
    has dealt with the answer it was to write.
    """
    closed = Q(appointment__coverage_state=State.CLOSED)
    reminding = Q(enrollment__status__in=sorted(LIVE))
    seen_to = WorkItem.objects.filter(response=OuterRef("response"), closed_at__isnull=False)
    return (
        Effect.objects.filter(practice__in=practices, status=EffectStatus.REJECTED)
        .exclude(closed & ~reminding)
        .exclude(Exists(seen_to))
    )


def coverage(practices: Sequence[Practice]) -> list[tuple[int, str, str, int]]:
    """Practice (our id), state, code and number of the visits that are not closed.

    The closed ones are history: their number only grows, and so would the time to count them.
    """
    ahead = [state.value for state in State if state is not State.CLOSED]
    rows = (
        Appointment.objects.filter(practice__in=practices, coverage_state__in=ahead)
        .order_by()
        .values_list("practice_id", "coverage_state", "coverage_code")
        .annotate(Count("pk"))
    )
    return list(rows)


def open_items(practices: Sequence[Practice]) -> list[tuple[int, str, int]]:
    """Practice (our id), kind and number of the work items that nobody has closed."""
    rows = (
        WorkItem.objects.filter(practice__in=practices, closed_at__isnull=True)
        .order_by()
        .values_list("practice_id", "kind")
        .annotate(Count("pk"))
    )
    return list(rows)


def _due(
    practices: Sequence[Practice], rows: Iterable[tuple[int, int, datetime]], now: datetime
) -> dict[int, Due]:
    found = {pk: Due(count, (now - oldest).total_seconds()) for pk, count, oldest in rows}
    return {practice.pk: found.get(practice.pk, Due()) for practice in practices}
