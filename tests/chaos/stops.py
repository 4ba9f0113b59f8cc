"""A worker that stands still at a named point of the code while the others go on.

The product has no seam for this: a function is wrapped from outside, and the first call of it
waits. Every worker is a thread with a database connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any
from unittest import mock

from django.db import connection, connections

from audit.context import acting_as

PATIENCE = 30.0
# How long a worker is given on SQLite to reach the lock on which it then waits.
A_MOMENT = 0.5


class Worker:
    """Something done by another worker; `finish` waits for it and raises what it raised."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.result: Any = None
        self._act, self._error = act, None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with acting_as(process="test"):
                self.result = self._act()
        except BaseException as error:
            self._error = error
        finally:
            connections.close_all()

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return not self._thread.is_alive()

    def finish(self) -> Any:
        """Its result."""
        self._thread.join(PATIENCE)
        assert self.over, "the worker does not come to its end"
        if self._error is not None:
            raise self._error
        return self.result


class Stop:
    """The first call of a function waits here until it is let go."""

    def __init__(self) -> None:
        self._reached, self._go, self._one = Event(), Event(), Lock()

    def hold(self) -> None:
        """Wait, once; whoever comes later passes."""
        if self._one.acquire(blocking=False):
            self._reached.set()
            assert self._go.wait(PATIENCE), "nobody let the stopped worker go"

    def wait_for(self, worker: Worker) -> bool:
        """Wait until the worker stands here (True) or is over without having come by."""
        until = monotonic() + PATIENCE
        while not self._reached.wait(0.01):
            if worker.over:
                worker.finish()
                return self._reached.is_set()
            assert monotonic() < until, "the worker neither came by nor ended"
        return True

    def let_go(self) -> None:
        """Go on."""
        self._go.set()


@contextmanager
def stopped(owner: Any, name: str, *, after: bool = False) -> Iterator[Stop]:
    """Wrap `owner.name` so that its first call waits before (or after) it does its work."""
    stop, function = Stop(), getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not after:
            stop.hold()
        result = function(*args, **kwargs)
        if after:
            stop.hold()
        return result

    with mock.patch.object(owner, name, wrapped):
        try:
            yield stop
        finally:
            stop.let_go()


def until_blocked_or_over(worker: Worker) -> None:
    """Wait until the worker waits for a lock of the database, or has ended."""
    until = monotonic() + (PATIENCE if connection.vendor == "postgresql" else A_MOMENT)
    while not worker.over and monotonic() < until:
        if connection.vendor == "postgresql" and _somebody_waits():
            return
        sleep(0.01)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        return cursor.fetchone() is not None
