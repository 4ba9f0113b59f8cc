"""The product's processes: started, killed at random, started again, and none left behind.

A child has a session of its own. When its main process is killed its orphans live on for a
moment, and are then ended together, as a service manager ends a control group.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

ROOT = Path(__file__).resolve().parents[3]
MANAGE = (sys.executable, str(ROOT / "manage.py"))
GRACE_SECONDS = 25
MARK = "KEPT_CHAOS_RUN"
ORPHANS_LIVE = (0.0, 1.5)
PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@dataclass
class Service:
    """One long-lived process and its children."""

    name: str
    command: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    back_at: float | None = None

    def start(self) -> None:
        """Start it, its output in its own log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.back_at = None

    def family(self) -> list[psutil.Process]:
        """The main process first."""
        if self.process is None or self.process.poll() is not None:
            return []
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        return []

    def kill_group(self) -> None:
        """Whatever is left of it goes now."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Product:
    """All services of one run; used as a context manager."""

    folder: Path
    chance: Random
    services: list[Service] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    orphans: int = 0

    def __enter__(self) -> Product:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def run(self, name: str, *command: str) -> None:
        """Start a service and look after it."""
        service = Service(name, command, self.folder / f"{name}.log")
        service.start()
        self.services.append(service)

    def kill_one(self) -> str:
        """SIGKILL for any process, of a kind that was killed least; which kind."""
        found: dict[str, list[psutil.Process]] = {}
        for service in self.services:
            family = service.family()
            for one in family:
                found.setdefault(f"{service.name}: {_role(one, family[0])}", []).append(one)
        least = min(self.kills[name] for name in found)
        what = self.chance.choice(sorted(name for name in found if self.kills[name] == least))
        with suppress(psutil.NoSuchProcess):
            self.chance.choice(found[what]).kill()
        self.kills[what] += 1
        return what

    def tend(self) -> None:
        """Start again what has died, after its orphans have had a moment of their own."""
        now = time.monotonic()
        for service in self.services:
            if service.process is None or service.process.poll() is None:
                continue
            if service.back_at is None:
                service.back_at = now + self.chance.uniform(*ORPHANS_LIVE)
                self.died[service.name] += 1
            elif now >= service.back_at:
                service.kill_group()
                service.start()

    def stop(self) -> None:
        """Ask all to stop, and kill what has not after the grace."""
        for service in self.services:
            if service.process is not None and service.process.poll() is None:
                service.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for service in self.services:
            while service.family() and time.monotonic() < until:
                time.sleep(0.05)
            service.kill_group()
        self.orphans = end_leftovers()


def _role(victim: psutil.Process, main: psutil.Process) -> str:
    """What a process is, by its command and its place."""
    with suppress(psutil.NoSuchProcess):
        words = victim.cmdline()
        if victim.pid == main.pid:
            return "watch" if "watch" in words else "master"
        if "gunicorn" in words:
            return "worker"
        if "sweeper" in words:
            return "sweeper"
        if "qcluster" in words:
            return "cluster" if victim.ppid() == main.pid else "cluster's child"
    return "process"


def end_leftovers() -> int:
    """Processes of this run that outlived their services; how many."""
    mine = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = process.environ().get(MARK) == str(os.getpid())
            if ours and process.pid != os.getpid() and process.name() != "postgres":
                mine.append(process)
    for process in mine:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return len(mine)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_all(product: Product, database: str, port: int) -> None:
    """The web, and one or two watches, each over a cluster of workers and a timer."""
    web = ("--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2", "--timeout", "30")
    product.run("web", sys.executable, "-m", "gunicorn", "project.wsgi", *web)
    for number in range(2 if database == "postgresql" else 1):
        pace = ("--interval", "0.5", "--patience", "45", "--grace", "15")
        product.run(f"watch{number + 1}", *MANAGE, "watch", *pace)
