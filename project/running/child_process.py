"""One process of a runner: started, asked to stop, killed with its group, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from project.running.process_groups import end_group, tied_to

# A process that lived this long had started well; its next death is not part of a crash loop.
SETTLED_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30


class Listener(Protocol):
    """Judges whether the process that leads group `pid` is heard of."""

    def started(self, pid: int) -> None:
        """It has just begun: be patient from now on."""

    def silent(self) -> bool:
        """Whether nothing was heard for longer than any honest work takes."""

    def ended(self, pid: int) -> None:
        """Its group is gone."""


@dataclass
class Child:
    """One process with a session, and so a process group, of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    # Where its output goes; None: where the runner's own goes.
    log: Path | None = None
    # Without a listener, the process is started again only when it dies.
    listener: Listener | None = None
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _began: float = 0.0
    _deaths: int = 0
    _kill_at: float | None = None

    def start(self) -> None:
        """Start it."""
        with ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=tied_to(os.getpid()),
            )
        self.starts += 1
        self._began = time.monotonic()
        self._kill_at = None
        if self.listener is not None:
            self.listener.started(self.process.pid)

    @property
    def alive(self) -> bool:
        """Whether its main process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def silent(self) -> bool:
        """Whether it runs and is not heard of any more."""
        return self.alive and self.listener is not None and self.listener.silent()

    def ask_to_stop(self) -> None:
        """Tell the main process only, so that it can finish what it has in hand."""
        if self.process is not None and self.alive:
            self.process.send_signal(signal.SIGTERM)

    def stop_within(self, seconds: float) -> bool:
        """Ask it to stop, and have `overdue` say when it had its time; False if it was asked."""
        if self._kill_at is not None:
            return False
        self.ask_to_stop()
        self._kill_at = time.monotonic() + seconds
        return True

    @property
    def overdue(self) -> bool:
        """Whether it was asked to stop, and should have by now."""
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    def kill_group(self) -> None:
        """Whatever is left of it goes now."""
        if self.process is None:
            return
        if self.alive:
            self.process.kill()
        self.process.wait()
        end_group(self.process.pid)
        if self.listener is not None:
            self.listener.ended(self.process.pid)
        lived = time.monotonic() - self._began
        self._deaths = 1 if lived > SETTLED_SECONDS else self._deaths + 1
        self._began = time.monotonic()
        self.process = None

    @property
    def may_start(self) -> bool:
        """Whether it is gone, and has rested: the longer, the more often it died at once."""
        if self.process is not None:
            return False
        pause = 0 if self._deaths < 2 else min(2.0 ** (self._deaths - 2), LONGEST_PAUSE_SECONDS)
        return time.monotonic() - self._began >= pause
