"""A write that somebody outside waits for, done as soon as the database lets it.

PostgreSQL locks rows and seldom waits. SQLite lets one process write at a time, and does not queue
those who wait: it asks anew at ever longer intervals, up to a tenth of a second, and workers that
take the lock again within a millisecond keep it out for seconds. Here it is asked for every few
milliseconds, which no worker does.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import OperationalError, connection

# SQLite's own intervals are 1, 2, 5 and 10 ms up to here; then we begin anew.
ASK_FOR_MS = 20

Answer = TypeVar("Answer")


def retry_while_busy(milliseconds: int, work: Callable[[], Answer]) -> Answer:
    """Do a short piece of work that may be repeated; OperationalError when the lock is not free.

    Not inside a transaction: what holds the lock for reading may have to begin anew as a whole.
    """
    if connection.vendor != "sqlite":
        return work()
    until = time.monotonic() + milliseconds / 1000
    with _asking_for(ASK_FOR_MS):
        while True:
            try:
                return work()
            except OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= until:
                    raise


def _is_busy(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def _asking_for(milliseconds: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds:d}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {before:d}")
