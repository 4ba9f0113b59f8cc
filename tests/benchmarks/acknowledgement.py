"""How fast a webhook is acknowledged while the workers are busy, at 1, 16 and 64 connections.

    .venv/bin/python -m tests.benchmarks.acknowledgement sqlite
    .venv/bin/python -m tests.benchmarks.acknowledgement postgresql

As it is deployed: gunicorn with two processes of four threads, `watch` with its workers and its
sweeper, a database of its own that waits for the disk, and both simulated vendors, each a process.
The workers have a few hundred visits to enroll, and read and write again for every notification.
KEPT_BENCH_REQUESTS says how many requests a level has. After the table, one line is a JSON object.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests.benchmarks import load
from tests.run import ROOT, embedded

LEVELS = (1, 16, 64)
REQUESTS = int(os.environ.get("KEPT_BENCH_REQUESTS", "300"))
VISITS = max(300, REQUESTS)
STARTED_WITHIN_SECONDS = 240
MANAGE = [sys.executable, str(ROOT / "manage.py")]
GUNICORN = [sys.executable, "-m", "gunicorn", "project.wsgi", "--no-control-socket"]
# As kept-watch.service says; on SQLite one that goes behind would hold the only lock for longer.
BEHIND = {"postgresql": ["nice", "-n", "5"], "sqlite": []}
AS_DEPLOYED = ["--workers", "2", "--threads", "4"]


def main(database: str) -> int:
    """Set up, measure, print."""
    with (
        tempfile.TemporaryDirectory(prefix="kept-bench-") as folder,
        a_database(database, Path(folder)) as url,
    ):
        os.environ.update(
            DJANGO_SETTINGS_MODULE="project.settings",
            ENVIRONMENT="demo",
            REQUIRE_SECOND_FACTOR="false",
            DATABASE_URL=url,
        )
        import django

        django.setup()
        report = measure(database, Path(folder))
    print(table(report))
    print(json.dumps(report))
    return 0


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """An empty one that waits for the disk, as in production."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/kept.sqlite3"
        return
    with embedded(folder) as url:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM RESET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        yield url


def measure(database: str, folder: Path) -> dict[str, Any]:
    """Start everything, send every level, and see whether all that was acknowledged is there."""
    from project.running.child_process import Child
    from project.running.supervisor import Runner

    ports = {name: free_port() for name in ("simulators", "web")}

    def start(name: str, *command: str) -> None:
        runner.run(Child(name, command, os.environ, folder / f"{name}.log"))

    with Runner(grace=30) as runner:
        try:
            arguments = ["--port", str(ports["simulators"]), "--scenario", "empty"]
            start("simulators", *MANAGE, "simulate", *arguments)
            wait_for(ports["simulators"])
            visits = a_practice(f"http://127.0.0.1:{ports['simulators']}")
            bind = ["--bind", f"127.0.0.1:{ports['web']}"]
            start("web", *GUNICORN, *AS_DEPLOYED, *bind)
            wait_for(ports["web"])
            start("watch", *BEHIND[database], *MANAGE, "watch", "--interval", "1")
            wait_for_work()
            levels = list(send_everything(ports["web"], visits))
        except BaseException:
            # The folder goes with us; what the processes said must not.
            for log in folder.glob("*.log"):
                print(f"\n{log.name}\n{log.read_text()[-3000:]}", file=sys.stderr)
            raise
    return {"database": database, "requests": REQUESTS, "visits": VISITS, "levels": levels}


def a_practice(vendors: str) -> list[tuple[str, str, str]]:
    """Connected and mapped, with visits that Kept has yet to hear of: id, patient, start."""
    from django.conf import settings
    from django.core.management import call_command

    from tests.scenarios.clinic import Clinic, seed

    call_command("migrate", verbosity=0)
    settings.KEPT_SEED = seed(vendors) | {
        "ATHENA_WEBHOOK_SECRET": load.SECRETS["athenahealth"],
        "RELATIENT_WEBHOOK_SECRET": load.SECRETS["relatient"],
    }
    # The simulators are another process: of their server only the address is needed.
    clinic = Clinic(cast(Any, SimpleNamespace(url=vendors)))
    practice = clinic.open()
    practice.poll_minutes = practice.retry_minutes = 0.1
    practice.save()
    found = []
    for number in range(VISITS):
        patient, days = clinic.patient(), 2 + number % 40
        starts_at = clinic.ahead(days)
        appointment = clinic.control(
            "athena/appointments", {"patientid": patient, "starts_at": starts_at}
        )["appointmentid"]
        found.append((appointment, patient, starts_at))
    return found


def wait_for_work() -> None:
    """Until the workers have taken in the visits and begun to call the vendors for them."""
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while attempts() < VISITS // 20:
        assert time.monotonic() < until, "the workers do not work"
        time.sleep(0.2)


def attempts() -> int:
    """How many effects were attempted so far."""
    from campaigns.models import Attempt

    return Attempt.objects.count()


def send_everything(port: int, visits: list[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    """Each level, with what the workers did meanwhile."""
    from django.db import connection

    from integrations.models import InboundMessage

    for connections in LEVELS:
        requests = list(islice(load.notifications(visits), REQUESTS))
        before = attempts()
        connection.close()
        measured = load.send(port, requests, connections)
        tried = attempts() - before
        kept = 0
        for at in range(0, REQUESTS, 500):
            events = [request.event for request in requests[at : at + 500]]
            kept += InboundMessage.objects.filter(external_id__in=events).count()
        yield {
            "connections": connections,
            "per_second": round(REQUESTS / measured.elapsed, 1),
            "p50": round(measured.quantile(0.5), 3),
            "p99": round(measured.quantile(0.99), 3),
            "max": round(measured.seconds[-1], 3),
            "answers": measured.answers,
            "stored": kept,
            "attempts_meanwhile": tried,
        }


def table(report: dict[str, Any]) -> str:
    """The levels for people."""
    lines = [
        f"\n{report['database']}: {report['requests']} requests a level",
        "connections   requests/s   p50 ms   p99 ms   max ms   calls of the workers meanwhile",
    ]
    for level in report["levels"]:
        p50, p99, longest = (round(1000 * level[name]) for name in ("p50", "p99", "max"))
        lines.append(
            f"{level['connections']:11}   {level['per_second']:10}   {p50:6}   {p99:6}   "
            f"{longest:6}   {level['attempts_meanwhile']:6}   {level['answers']}"
        )
    return "\n".join(lines)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens."""
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < until, f"nothing listens on {port}"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
