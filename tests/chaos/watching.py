"""A real `watch` with its workers and sweeper on the test database, and what is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django_q.models import Task
from django_q.tasks import async_task

from campaigns import doorbell
from integrations.models import Heartbeat, HeartbeatRole
from tests.chaos.processes import ROOT, environment

# How long the watch waits for a sign of life here; long enough to start on a busy machine.
PATIENCE = 15
SECONDS = 90


class Watched:
    """The process, and the groups below it."""

    def __init__(self, log: Path, *options: str) -> None:
        self.log = log
        self.groups: set[int] = set()
        command = ["watch", "--interval", "1", "--patience", str(PATIENCE), "--grace", "20"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *command, *options],
                env=environment(),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.add(self.process.pid)

    def group(self, role: HeartbeatRole) -> int:
        """The process group that was heard of last in this role; also its main process."""
        rows = Heartbeat.objects.filter(role=role, started_at__isnull=False)
        group: int = rows.order_by("-beat_at").values_list("pid", flat=True)[0]
        self.groups.add(group)
        return group

    def heard(self) -> bool:
        """Whether all three have said that they live."""
        beating = set(Heartbeat.objects.values_list("role", flat=True))
        if beating < set(HeartbeatRole.values):
            return False
        return bool([self.group(role) for role in HeartbeatRole])

    def replaced(self, role: HeartbeatRole, former: int) -> bool:
        """Whether another group has been heard of, and the former one has no member left."""
        rows = Heartbeat.objects.filter(role=role).exclude(pid=former)
        return rows.exists() and self.group(role) != former and not members({former})

    def idle_worker(self) -> int:
        """A worker of django-q2 that waits for a task."""
        return int(re.findall(r"ready for work at (\d+)", self.log.read_text())[-1])

    def said(self, text: str) -> bool:
        """Whether its log has this."""
        return text in self.log.read_text(errors="replace")

    def end(self) -> int:
        """Ask it to stop; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@contextmanager
def watching(log: Path, *options: str) -> Iterator[Watched]:
    """A watch that is at work; nothing of it is left behind, whatever happens."""
    watched = Watched(log, *options)
    try:
        soon(watched.heard, lambda: log.read_text())
        yield watched
    finally:
        with suppress(ProcessLookupError):
            os.killpg(watched.process.pid, signal.SIGKILL)
        watched.process.wait()
        for group in watched.groups | started(log):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


def started(log: Path) -> set[int]:
    """Groups that were never heard of, by what their processes said of themselves."""
    groups = set()
    for pid in re.findall(r"ready for work at (\d+)", log.read_text(errors="replace")):
        with suppress(ProcessLookupError):
            groups.add(os.getpgid(int(pid)))
    return groups - {os.getpgrp()}


def members(groups: set[int]) -> list[str]:
    """The living processes of these groups, as `ps` shows them."""
    listed = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,pid=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return [rest for group, state, rest in rows if int(group) in groups and state[0] != "Z"]


def soon(
    happened: Callable[[], object], why: Callable[[], str] = lambda: "", seconds: float = SECONDS
) -> None:
    """Wait until something is so; a failure tells what `why` says then."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"it did not happen: {why()[-3000:]}"
        time.sleep(0.1)


def drains() -> int:
    """How many bells the workers have answered."""
    return Task.objects.filter(func=doorbell.DRAIN, success=True).count()


def a_bell_is_answered(why: Callable[[], str] = lambda: "") -> None:
    """Ring until a worker of django-q2 has looked; a cluster that hangs may swallow a bell."""
    before = drains()

    def answered() -> bool:
        if doorbell.waiting() < doorbell.ENOUGH:
            async_task(doorbell.DRAIN)
        return drains() > before

    soon(answered, why)
