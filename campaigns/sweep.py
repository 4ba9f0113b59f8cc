"""The sweeper: takes whatever is due, whether or not a doorbell rang.

Looks come before effects, the most urgent and oldest first. Any number of sweepers may run at
once: every row is taken under its lock or lease.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import OperationalError

from campaigns.clock import database_now
from campaigns.decisions.failed_looks import failed_looks, put_off, retry_with_our_keys
from campaigns.decisions.look import look
from campaigns.domain.values import EffectStatus
from campaigns.encryption import Undecryptable
from campaigns.execution import execute
from campaigns.intake.reach_renewal import renew
from campaigns.models import Appointment, Effect, Practice
from campaigns.outbox.backlog import refused_and_owed

_BATCH = 200

logger = logging.getLogger(__name__)


@dataclass
class Swept:
    """What a sweep did."""

    looked: int = 0
    executed: int = 0
    retried: int = 0
    failed: int = 0


def never_stop() -> bool:
    """The answer of somebody whom nobody asks to stop."""
    return False


def sweep(
    practices: list[Practice],
    *,
    seconds: float | None = None,
    stopping: Callable[[], bool] = never_stop,
) -> Swept:
    """Take everything that is due now, until nothing is, the time is up, or we are to stop.

    Whatever is in hand then is finished: a look, or an effect with its call.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    total = Swept()

    def time_is_up() -> bool:
        return stopping() or (until is not None and time.monotonic() >= until)

    for practice in practices:
        renew(practice, time_is_up)
        retry_with_our_keys(practice)
    busy = True
    while busy and not time_is_up():
        execute.release_expired(database_now())
        before = (total.looked, total.executed)
        for practice in practices:
            _looks(practice, total, time_is_up)
            _effects(practice, total, time_is_up)
        busy = (total.looked, total.executed) != before
    return total


def _looks(practice: Practice, total: Swept, time_is_up: Callable[[], bool]) -> None:
    due = (
        Appointment.objects.filter(practice=practice, look_due_at__lte=database_now())
        .order_by("look_priority", "look_due_at", "pk")
        .values_list("pk", flat=True)[:_BATCH]
    )
    for pk in list(due):
        if time_is_up():
            return
        try:
            total.looked += look(pk) is not None
        except OperationalError:
            # Another process holds the rows (a deadlock, a busy file): it stays due.
            logger.warning("look_put_off", extra={"appointment": pk})
        except Exception as failure:
            # A defect in one appointment must not stop the others behind it.
            logger.exception("look_failed", extra={"appointment": pk})
            total.failed += 1
            put_off(pk, failure)


def _effects(practice: Practice, total: Swept, time_is_up: Callable[[], bool]) -> None:
    for pk in execute.due_effects(database_now(), practice):
        if time_is_up():
            return
        try:
            if execute.execute_effect(pk):
                total.executed += 1
                attempts = Effect.objects.filter(pk=pk).values_list("attempts", flat=True).first()
                total.retried += (attempts or 0) > 1
        except OperationalError:
            logger.warning("effect_put_off", extra={"effect": pk})
        except Undecryptable:
            # It stays due for a process with other keys, and must not stop the others behind it.
            logger.exception("effect_not_readable", extra={"effect": pk})
            total.failed += 1


def parked(practices: list[Practice]) -> int:
    """Effects that wait for a person: outcome unknown for too long, or refused and still owed."""
    unknown = Effect.objects.filter(practice__in=practices, status=EffectStatus.PARKED)
    return unknown.count() + refused_and_owed(practices).count()


def remaining(practices: list[Practice]) -> int:
    """Effects that wait for a later time (retries and leases), and looks put off because they
    failed; timers do not count.
    """
    waiting = [EffectStatus.QUEUED, EffectStatus.UNKNOWN, EffectStatus.CLAIMED]
    effects = Effect.objects.filter(practice__in=practices, status__in=waiting)
    return effects.count() + failed_looks(practices).count
