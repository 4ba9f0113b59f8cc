"""Runs several long-lived processes as one, and leaves none behind.

To stop a child, its main process alone is told (a whole group told at once loses the task in hand),
and what is left of the group is killed after a grace. If the runner itself is killed, Linux tells
the children (process_groups.py). A child that dies, or hangs, is started again, its old group gone
first.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field

from project.running.child_process import Child
from project.running.process_groups import adopt_orphans

GRACE_SECONDS = 15.0
# How long a child that seems to hang may take to stop by itself.
HANGING_GRACE_SECONDS = 10.0


@dataclass
class Runner:
    """The children together; used as a context manager."""

    grace: float = GRACE_SECONDS
    hanging_grace: float = HANGING_GRACE_SECONDS
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Runner:
        adopt_orphans()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def run(self, child: Child) -> Child:
        """Start a child and look after it."""
        child.start()
        self.children.append(child)
        return child

    def tend(self) -> list[str]:
        """One look at all; what was done about it, a line each. Call it every second or so."""
        return [line for child in self.children for line in self._tend(child)]

    def _tend(self, child: Child) -> list[str]:
        lines: list[str] = []
        if child.silent and child.stop_within(self.hanging_grace):
            lines.append(f"{child.name}: silent, told to stop")
        if child.process is not None and (child.overdue or not child.alive):
            lines.append(f"{child.name}: {'did not stop, killed' if child.alive else 'ended'}")
            child.kill_group()
        if child.may_start:
            child.start()
            lines.append(f"{child.name}: started again")
        return lines

    def stop(self) -> None:
        """Ask all to stop, the last started first; kill what has not after the grace."""
        for child in reversed(self.children):
            child.ask_to_stop()
        until = time.monotonic() + self.grace
        for child in self.children:
            while child.alive and time.monotonic() < until:
                time.sleep(0.05)
            child.kill_group()
        _reap_orphans()


def _reap_orphans() -> None:
    """What left the groups and has died since became ours: it must not stay a zombie."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
