"""Doing a whole transaction again when the database ended it to resolve a deadlock."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

# PostgreSQL's deadlock_detected. SQLite has one writer at a time, and so no deadlocks.
_DEADLOCK = "40P01"
_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.05

logger = logging.getLogger(__name__)

T = TypeVar("T")


def retried(work: Callable[[], T]) -> T:
    """Do work that opens its own transaction, anew after each deadlock, five times at most.

    Inside an open transaction it is done once: only whoever opened that one can begin it again.
    A marking of all visits and a look wait for each other only rarely, and the looks in between
    are short, so a second attempt nearly always gets through.
    """
    if connection.in_atomic_block:
        return work()
    for attempt in range(1, _ATTEMPTS):
        try:
            return work()
        except OperationalError as error:
            if not is_deadlock(error):
                raise
            logger.warning("deadlock_retried", extra={"attempt": attempt})
        # Not at the same moment as the other side, should it have been ended too.
        time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 2**attempt))
    return work()


def is_deadlock(error: BaseException) -> bool:
    """Whether the database ended a transaction because two waited for each other."""
    return getattr(error.__cause__, "sqlstate", None) == _DEADLOCK
