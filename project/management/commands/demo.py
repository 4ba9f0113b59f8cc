"""Everything at once: simulated vendors, web, workers, and a practice that fills up."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from project.demo import folder, practice, progress
from project.running.child_process import Child
from project.running.supervisor import GRACE_SECONDS, Runner

LINE_EVERY_SECONDS = 5
START_SECONDS = 30


class Command(BaseCommand):
    help = "Run Kept with simulated vendors: addresses and sign-ins are printed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to run, and where."""
        parser.add_argument("--seconds", type=float, default=None, metavar="N")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--simulator-port", type=int, default=8900)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Set up, run, print, stop."""
        if settings.ENVIRONMENT != "demo":
            raise CommandError("The demo runs with ENVIRONMENT=demo only. Use `make demo`.")
        self.stopping = Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: self.stopping.set())
        self.began = time.monotonic()
        self.explained = False
        self.seconds = options["seconds"]
        self.vendors = f"http://127.0.0.1:{options['simulator_port']}"
        self.here = f"http://127.0.0.1:{options['port']}"
        # The workers look after the subscriptions, and so must know it too.
        settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = self.here
        for port in (options["port"], options["simulator_port"]):
            refuse_taken(port)
        self.folder = folder.chosen()
        if self.folder is not None:
            folder.begin_anew(self.folder)
        fresh_database()
        with Runner() as runner:
            self._start(runner, options)
            self._watch(runner)
        self.stdout.write("Stopped; nothing is left running.")

    def _start(self, runner: Runner, options: dict[str, Any]) -> None:
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        port, seed = str(options["simulator_port"]), str(options["seed"])
        runner.run(child("simulators", [*manage, "simulate", "--port", port, "--seed", seed]))
        self._wait_for(options["simulator_port"])
        settings.KEPT_SEED = practice.seed(self.vendors, self.folder)
        call_command("bootstrap", stdout=self.stdout)
        practice.hire()
        practice.settle_in()
        web = ["gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{options['port']}"]
        web = [sys.executable, "-m", *web, "--threads", "4", "--no-control-socket"]
        runner.run(child("web", web))
        # Its own children must be gone before the runner's patience with it ends.
        watch = [*manage, "watch", "--interval", "1", "--grace", str(GRACE_SECONDS - 5)]
        runner.run(child("workers", watch))
        self._wait_for(options["port"])
        practice.hear_at_once(self.vendors, self.here)
        self._welcome()

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while not answers(port):
            if time.monotonic() > until:
                raise CommandError(f"Nothing answers on port {port}. See var/demo-*.log.")
            if self.stopping.wait(0.1):
                raise CommandError("Interrupted while starting.")

    def _welcome(self) -> None:
        self.stdout.write(f"\nKept          {self.here}/")
        self.stdout.write(f"athenahealth  {self.vendors} (simulated)")
        if self.folder is None:
            self.stdout.write(f"Relatient     {self.vendors}/relatient (simulated)\n")
        else:
            self.stdout.write(f"Folder        {self.folder}\n")
        for username, role in practice.SIGN_INS.items():
            self.stdout.write(f"{role:14}sign in as {username} / {practice.PASSWORD}")
        self.stdout.write("\nCtrl-C stops everything.\n")

    def _watch(self, runner: Runner) -> None:
        while not self._over():
            self.stopping.wait(self._rest())
            if self.stopping.is_set():
                break
            for line in runner.tend():
                self.stdout.write(f"{line} (see var/demo-*.log)")
            seen = progress.observe(self.vendors, self.folder)
            self.stdout.write(seen.line(time.monotonic() - self.began))
            self._explain_once()
        seen = progress.observe(self.vendors, self.folder)
        self.stdout.write(
            f"\n{seen.enrolled} appointments were enrolled "
            f"{'at Relatient' if self.folder is None else 'in the folder'}; "
            f"{seen.written} answers were written to the chart."
        )

    def _explain_once(self) -> None:
        """As soon as an enrollment lies in the folder, say how it is answered."""
        words = folder.how_to_answer(self.folder) if self.folder and not self.explained else ""
        if words:
            self.stdout.write(f"\n{words}\n")
            self.explained = True

    def _over(self) -> bool:
        return self.seconds is not None and time.monotonic() - self.began >= self.seconds

    def _rest(self) -> float:
        if self.seconds is None:
            return LINE_EVERY_SECONDS
        return max(0.0, min(LINE_EVERY_SECONDS, self.began + self.seconds - time.monotonic()))


def child(name: str, command: list[str]) -> Child:
    """A process of the demonstration, with its log beside the database."""
    log = Path(settings.BASE_DIR) / "var" / f"demo-{name}.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    return Child(name, command, os.environ, log)


def refuse_taken(port: int) -> None:
    """A port in use is said before anything is started."""
    if answers(port):
        raise CommandError(f"Port {port} is in use. Stop what runs there, or give another --port.")


def answers(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fresh_database() -> None:
    """The simulated vendors begin anew at every start, and so must what Kept knows of them."""
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        connection.close()
        for suffix in ("", "-wal", "-shm"):
            name.with_name(name.name + suffix).unlink(missing_ok=True)
        name.parent.mkdir(parents=True, exist_ok=True)
    elif "campaigns_practice" in connection.introspection.table_names():
        raise CommandError(
            "This database is not empty. Name an empty one in DEMO_DATABASE_URL, "
            "or leave it out and a file is used."
        )
    call_command("migrate", verbosity=0)
