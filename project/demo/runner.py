"""Runs several long-lived processes as one, and leaves none behind.

Each child has a session of its own. To stop one, its main process alone is told (a whole group
told at once loses the task in hand), and what is left of the group is killed after a grace. If
the runner itself is killed, Linux tells the children.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 15
# prctl options of Linux: a signal when the parent dies, and adopting orphaned grandchildren.
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _die_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process, started again when it dies."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it, its output in its own log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.starts += 1

    @property
    def alive(self) -> bool:
        """Whether its main process runs."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Tell the main process only, so that it can finish what it has in hand."""
        if self.process is not None and self.alive:
            self.process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """Whatever is left of it goes now."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Runner:
    """The children together; used as a context manager."""

    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Runner:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def run(self, child: Child) -> Child:
        """Start a child and look after it."""
        child.start()
        self.children.append(child)
        return child

    def tend(self) -> list[str]:
        """Start again what has died, its old group gone first; the names of those."""
        died = [child for child in self.children if not child.alive]
        for child in died:
            child.kill_group()
            child.start()
        return [child.name for child in died]

    def stop(self) -> None:
        """Ask all to stop, the last started first; kill what has not after the grace."""
        for child in reversed(self.children):
            child.ask_to_stop()
        until = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            while child.alive and time.monotonic() < until:
                time.sleep(0.05)
            child.kill_group()
        _reap_orphans()


def _reap_orphans() -> None:
    """Grandchildren that were left behind have become ours: end them too."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
