"""The shifted clock of a chaos run: every process lives some months ahead, and time goes on."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import time_machine

OFFSET = "KEPT_CHAOS_OFFSET"
_travels: list[time_machine.travel] = []


def travel() -> None:
    """Move this process' clock by the seconds that the environment names; once.

    Forked children keep it. time.monotonic() is left alone, so waits and deadlines hold.
    """
    offset = float(os.environ.get(OFFSET, "0"))
    if offset and not _travels:
        _travels.append(time_machine.travel(datetime.now(UTC) + timedelta(seconds=offset)))
        _travels[0].start()
