"""What a person recorded a moment ago and can still take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.labels import REPLIES
from campaigns.local_time import day_and_time
from campaigns.models import Practice, Response


@dataclass(frozen=True)
class Undoable:
    """One outcome; `seconds` is how long it can still be taken back."""

    id: int
    words: str
    name: str
    visit: str
    again: str
    seconds: int


def undoable_of(practice: Practice, user: Any, now: datetime) -> tuple[Undoable, ...]:
    """What this person can still take back, the newest first: one query."""
    rows = (
        Response.objects.filter(
            practice=practice,
            given_by=user,
            # For the index on the day's answers: no older one can still be held.
            occurred_at__gt=now - timedelta(minutes=1),
            hold_until__gt=now,
            outcome=ReplyOutcome.PENDING,
        )
        .select_related("appointment", "patient")
        .order_by("-occurred_at", "-pk")
    )
    return tuple(_undoable(row, practice, now) for row in rows)


def seconds_left(rows: Sequence[Undoable]) -> int:
    """How many seconds are left until the first of them is sent."""
    return min((row.seconds for row in rows), default=0)


def _undoable(row: Response, practice: Practice, now: datetime) -> Undoable:
    assert row.hold_until is not None
    visit = row.appointment
    zone = visit.time_zone or practice.time_zone
    start = visit.starts_at or visit.local_start
    again = day_and_time(row.again_at, practice.time_zone, now) if row.again_at else ""
    return Undoable(
        id=row.pk,
        words=REPLIES[ReplyKind(row.kind)],
        name=row.patient.both_names or f"Patient {row.patient.external_id}",
        visit=day_and_time(start, zone if visit.starts_at else "UTC", now),
        again=again,
        seconds=ceil((row.hold_until - now).total_seconds()),
    )
