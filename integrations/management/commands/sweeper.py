"""The timer that does not depend on django-q2: ticks until it is told to stop."""

from __future__ import annotations

import logging
import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections

from campaigns.encryption import KeyMissing
from campaigns.management.practice_command import BadUsage
from integrations.health.heartbeat_thread import beating
from integrations.models import HeartbeatRole
from integrations.tasks import tick

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Poll, take in and send whatever is due, again and again, until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to rest between ticks."""
        parser.add_argument("--interval", type=float, default=5.0, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        """When the signal comes, the look or the call in hand is finished, and nothing begun.

        A process that lacks a field key ends at once, with the sentence.
        """
        stop = Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stop.set())
        while not stop.is_set():
            # Has a connection that broke while we rested replaced before it is used.
            close_old_connections()
            try:
                with beating(HeartbeatRole.SWEEPER):
                    tick(stop.is_set)
            except KeyMissing as missing:
                # Started again, it may find the environment in order.
                raise BadUsage(str(missing)) from None
            except Error:
                # Out of reach for a while: rows are the truth, so the next tick catches up.
                logger.exception("tick_failed")
            close_old_connections()
            stop.wait(options["interval"])
