"""The background processes of one machine: django-q2's workers and the sweeper, watched over.

Outside django-q2, whose cluster may hang alive and deaf when one of its idle workers dies. Told to
stop, it tells each main process, waits for what is in hand, and kills what is left.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django_q.tasks import async_task

from campaigns import doorbell
from integrations.health import heartbeats
from integrations.models import HeartbeatRole
from project.running.child_process import Child
from project.running.heartbeat_listener import HeartbeatListener
from project.running.supervisor import HANGING_GRACE_SECONDS, Runner
from project.schedules import mend_schedules

HEARTBEAT = "integrations.tasks.heartbeat"
LOOK_EVERY_SECONDS = 1.0
MEND_EVERY_SECONDS = 60.0
# What is in hand may be a call, which lasts a minute at most (integrations/transport/client.py).
GRACE_SECONDS = 75.0
# Work beats every other second, so this is silence and not work.
PATIENCE_SECONDS = 90.0
ASK_EVERY_SECONDS = 20.0

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run the workers and the sweeper, and start again whichever dies or hangs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how patient to be."""
        parser.add_argument(
            "--interval",
            type=float,
            default=5.0,
            metavar="SECONDS",
            help="how long the sweeper rests between ticks",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE_SECONDS,
            metavar="SECONDS",
            help="how long a process may be silent before it is started again",
        )
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE_SECONDS,
            metavar="SECONDS",
            help="how long to wait, when told to stop, for what is in hand",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Until it is told to stop."""
        stopping = Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stopping.set())
        watch = Watch(options["patience"], options["interval"])
        hanging_grace = min(HANGING_GRACE_SECONDS, options["patience"] / 4)
        with Runner(grace=options["grace"], hanging_grace=hanging_grace) as runner:
            runner.run(child("workers", watch.workers, "qcluster"))
            interval = str(options["interval"])
            runner.run(child("sweeper", watch.sweeper, "sweeper", "--interval", interval))
            while not stopping.wait(LOOK_EVERY_SECONDS):
                watch.look()
                for line in runner.tend():
                    logger.warning("watch: %s", line)


class Watch:
    """What is heard of both, and what is done about it besides starting them again."""

    def __init__(self, patience: float, rest: float) -> None:
        self.workers = HeartbeatListener(HeartbeatRole.WORKERS, patience)
        self.sweeper = HeartbeatListener(HeartbeatRole.SWEEPER, patience + rest)
        self._asked = self._mended = float("-inf")
        self._away = False

    def look(self) -> None:
        """One look; without a database nothing is judged."""
        close_old_connections()
        away = False
        for step in (self.workers.listen, self.sweeper.listen, self._upkeep):
            try:
                step()
            except Exception:
                # Or Redis, if that is the broker. Who watches must outlive either.
                away = True
                if not self._away:
                    logger.warning("watch: the database is out of reach", exc_info=True)
                    self._away = True
        self._away = away

    def _upkeep(self) -> None:
        heartbeats.beat(HeartbeatRole.WATCH)
        if time.monotonic() - self._mended >= MEND_EVERY_SECONDS:
            self._mended = time.monotonic()
            mend_schedules()
            heartbeats.forget_the_dead()
        self._ask_the_workers()

    def _ask_the_workers(self) -> None:
        """Give them something to take: whatever they take is heard.

        Other clusters take it as well, so the longer ours is silent the more often we ask. Where
        tasks wait already, those will do.
        """
        every = min(ASK_EVERY_SECONDS, self.workers.patience / 4)
        if self.workers.silence > self.workers.patience / 3:
            every = LOOK_EVERY_SECONDS
        if time.monotonic() - self._asked < every:
            return
        self._asked = time.monotonic()
        if doorbell.waiting() < doorbell.ENOUGH:
            async_task(HEARTBEAT, save=False)


def child(name: str, listener: HeartbeatListener, *command: str) -> Child:
    """A command of ours, whose output goes where ours goes."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    return Child(name, [*manage, *command], os.environ, listener=listener)
