"""Beats for as long as a piece of work is in hand.

A tick or a drain may take half a minute and more, and a worker that is busy must not be taken for
one that hangs. So a thread beats beside the work; but no longer than any honest work takes, or a
loop that is stuck would look alive for ever. Between two pieces of work nothing beats: a cluster
that takes no tasks falls silent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django_q.signals import post_execute_in_worker, pre_execute

from integrations.health import heartbeats
from integrations.models import HeartbeatRole

# As long as django-q2 gives a task.
LONGEST_WORK_SECONDS = float(str(settings.Q_CLUSTER["timeout"]))

logger = logging.getLogger(__name__)


@contextmanager
def beating(role: HeartbeatRole, longest: float = LONGEST_WORK_SECONDS) -> Iterator[None]:
    """Beat while the block runs, for at most `longest` seconds."""
    work = Work(role, longest)
    work.begin()
    try:
        yield
    finally:
        work.end()


class Work:
    """One piece of work in hand, and the thread that beats for it."""

    def __init__(self, role: HeartbeatRole, longest: float) -> None:
        self.role = role
        self.beats = int(longest / heartbeats.EVERY_SECONDS)
        self.done = Event()
        self.thread = Thread(target=self._go_on, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """Beat once, and go on."""
        _beat(self.role, always=False)
        self.thread.start()

    def end(self) -> None:
        """Fall silent; does not wait for a beat that is under way."""
        self.done.set()

    def _go_on(self) -> None:
        try:
            for _ in range(self.beats):
                if self.done.wait(heartbeats.EVERY_SECONDS):
                    return
                _beat(self.role, always=True)
        finally:
            # Each thread has a connection of its own; only one that has beaten has opened it.
            connection.close()


def _beat(role: HeartbeatRole, *, always: bool) -> None:
    """Beat; an error in here must not end the work for which it beats."""
    try:
        heartbeats.beat(role, always=always)
    except Error:
        logger.warning("heartbeat_not_written", extra={"role": role.value})
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


_in_hand: list[Work] = []


def _task_begins(**kwargs: Any) -> None:
    work = Work(HeartbeatRole.WORKERS, LONGEST_WORK_SECONDS)
    _in_hand.append(work)
    work.begin()


def _task_ended(**kwargs: Any) -> None:
    while _in_hand:
        _in_hand.pop().end()


def follow_tasks() -> None:
    """Have every task of django-q2, whosever it is, beat for the workers."""
    pre_execute.connect(_task_begins, dispatch_uid="kept heartbeat")
    post_execute_in_worker.connect(_task_ended, dispatch_uid="kept heartbeat")
