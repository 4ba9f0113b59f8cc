"""The sweeper: takes whatever is due, whether or not a doorbell rang.

Looks come before effects, the most urgent and oldest first. Any number of sweepers may run at
once: every row is taken under its lock or lease.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.clock import database_now
from campaigns.domain.values import EffectStatus
from campaigns.models import Appointment, Effect, Practice
from campaigns.services import outbox
from campaigns.services.look import look

_BATCH = 200


@dataclass
class Swept:
    """What a sweep did, and what is left."""

    looked: int = 0
    executed: int = 0
    retried: int = 0

    @property
    def busy(self) -> bool:
        """Whether anything was done at all."""
        return bool(self.looked or self.executed)


def sweep(practices: list[Practice], *, seconds: float | None = None) -> Swept:
    """Take everything that is due now, until nothing is or the time is up."""
    until = time.monotonic() + seconds if seconds is not None else None
    total = Swept()

    def time_is_up() -> bool:
        return until is not None and time.monotonic() >= until

    ids = [practice.pk for practice in practices]
    while not time_is_up():
        outbox.release_expired(database_now())
        looked = _looks(ids, time_is_up)
        executed, retried = _effects(ids, time_is_up)
        total.looked += looked
        total.executed += executed
        total.retried += retried
        if not looked and not executed:
            break
    return total


def _looks(practice_ids: list[int], time_is_up: Callable[[], bool]) -> int:
    due = (
        Appointment.objects.filter(practice__in=practice_ids, look_due_at__lte=database_now())
        .order_by("look_priority", "look_due_at", "pk")
        .values_list("pk", flat=True)[:_BATCH]
    )
    looked = 0
    for pk in list(due):
        if time_is_up():
            break
        looked += look(pk) is not None
    return looked


def _effects(practice_ids: list[int], time_is_up: Callable[[], bool]) -> tuple[int, int]:
    executed = retried = 0
    for pk in outbox.due_effects(database_now(), practice_ids):
        if time_is_up():
            break
        if outbox.attempt(pk):
            executed += 1
            attempts = Effect.objects.filter(pk=pk).values_list("attempts", flat=True).first()
            retried += (attempts or 0) > 1
    return executed, retried


def parked(practices: list[Practice]) -> int:
    """Effects that wait for a person: outcome unknown for too long, or refused."""
    stand = [EffectStatus.PARKED, EffectStatus.REJECTED]
    return Effect.objects.filter(practice__in=practices, status__in=stand).count()


def remaining(practices: list[Practice]) -> int:
    """Effects that wait for a later time: retries and leases; timers do not count."""
    waiting = [EffectStatus.QUEUED, EffectStatus.UNKNOWN, EffectStatus.CLAIMED]
    return Effect.objects.filter(practice__in=practices, status__in=waiting).count()
