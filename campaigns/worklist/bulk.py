"""One outcome for several rows of the work list, row by row: each is done or says why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.clock import database_now
from campaigns.domain.reply_kinds import IN_BULK
from campaigns.domain.values import ReplyKind
from campaigns.locking import lock_appointments, lock_patient
from campaigns.models import Appointment
from campaigns.phone_calls.claims import ClaimedByAnother
from campaigns.phone_calls.record import MovedMeanwhile, record_call
from campaigns.worklist.queries import unanswered, unconfirmed


class Result(StrEnum):
    """What became of one row."""

    DONE = "done"
    REPEATED = "repeated"
    MOVED = "moved"
    ANSWERED = "answered"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class Picked:
    """A row that was ticked, with the start that the page showed."""

    visit: Appointment
    seen: datetime | None


@dataclass(frozen=True)
class BulkOutcome:
    """A row, and what became of it."""

    visit: Appointment
    result: Result


def record_all(
    picked: Iterable[Picked], kind: ReplyKind, user: Any, *, form: UUID
) -> Iterator[BulkOutcome]:
    """Record one outcome of calls for each row, in a transaction of its own.

    A row that moved, or was answered since it was shown, is left alone. `form` as in record_call.
    """
    if kind not in IN_BULK:
        raise ValueError(f"{kind.value} is not said of several patients at once.")
    for one in picked:
        yield BulkOutcome(one.visit, _record(one, kind, user, form))


def _record(one: Picked, kind: ReplyKind, user: Any, form: UUID) -> Result:
    visit = one.visit
    with transaction.atomic():
        # Locked before it is asked, so that no answer comes in between.
        lock_patient(visit.patient_id)
        lock_appointments([visit.pk])
        waited = _waits(visit)
        try:
            response = record_call(visit, kind, user, form=form, seen=one.seen)
        except MovedMeanwhile:
            return Result.MOVED
        except ClaimedByAnother:
            return Result.CLAIMED
        if response is not None and not waited:
            transaction.set_rollback(True)
            return Result.ANSWERED
    return Result.DONE if response is not None else Result.REPEATED


def _waits(visit: Appointment) -> bool:
    waiting = unanswered(unconfirmed(visit.practice, database_now()))
    return waiting.filter(pk=visit.pk).exists()
