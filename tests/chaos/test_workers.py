"""Workers that die, hang or are told to stop, with real processes: nothing left, nothing lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import TimeoutExpired
from types import ModuleType

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.values import EffectStatus
from campaigns.models import Effect
from integrations.connections import registry
from integrations.models import Connection, FeedCursor, Heartbeat, HeartbeatRole
from tests.chaos.processes import start
from tests.chaos.watching import (
    SECONDS,
    Watched,
    a_bell_is_answered,
    members,
    soon,
    watching,
)
from tests.scenarios.clinic import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS, SWEEPER = HeartbeatRole.WORKERS, HeartbeatRole.SWEEPER


def told(watched: Watched) -> Callable[[], str]:
    return watched.log.read_text


def test_a_cluster_that_is_alive_and_deaf_is_noticed_and_started_again(tmp_path: Path) -> None:
    with watching(tmp_path / "log") as watched:
        deaf = watched.group(WORKERS)
        os.killpg(deaf, signal.SIGSTOP)
        soon(lambda: watched.replaced(WORKERS, deaf), told(watched))
        assert watched.said("workers: silent, told to stop")
        assert watched.said("workers: did not stop, killed")
        a_bell_is_answered(told(watched))
        assert watched.end() == 0
        assert not members(watched.groups)


def test_an_idle_worker_is_killed_and_the_bell_is_answered_all_the_same(tmp_path: Path) -> None:
    """It may hold the queue's lock, and then the whole cluster hangs; or it does not."""
    with watching(tmp_path / "log") as watched:
        os.kill(watched.idle_worker(), signal.SIGKILL)
        a_bell_is_answered(told(watched))


def test_whatever_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    with watching(tmp_path / "log") as watched:
        cluster, sweeper = watched.group(WORKERS), watched.group(SWEEPER)
        for main in (cluster, sweeper):
            os.kill(main, signal.SIGKILL)
        soon(lambda: watched.replaced(WORKERS, cluster), told(watched))
        soon(lambda: watched.replaced(SWEEPER, sweeper), told(watched))
        watched.process.kill()
        watched.process.wait()
        soon(lambda: not members(watched.groups), lambda: str(members(watched.groups)))


def two_enrollments_due(clinic: Clinic) -> None:
    """Two visits of known patients, looked at; only their enrollments are still to be sent."""
    patients = [clinic.patient() for _ in range(2)]
    for patient in patients:
        clinic.book(patient, days=2)
    clinic.sync()
    relatient = Connection.objects.get(vendor="relatient")
    registry.pause(relatient, reason="test")
    for patient in patients:
        clinic.book(patient, days=5)
    clinic.sync()
    registry.resume(relatient)
    queued = Effect.objects.filter(status=EffectStatus.QUEUED)
    queued.update(next_attempt_at="2020-01-01T00:00:00Z")
    assert set(queued.values_list("kind", flat=True)) == {"enroll"}
    assert queued.count() == 2


@pytest.mark.usefixtures("as_process")
@pytest.mark.parametrize("command", ["sweeper", "qcluster"])
def test_told_to_stop_in_a_call_it_keeps_the_answer_and_begins_nothing_more(
    clinic: Clinic, command: str
) -> None:
    two_enrollments_due(clinic)
    OrmQ.objects.all().delete()
    async_task(doorbell.DRAIN)
    before = len(clinic.enrollments())
    claimed = Effect.objects.filter(status=EffectStatus.CLAIMED)
    with clinic.simulator.simulation.lock:
        # Nobody answers while the lock is held.
        process = start(command)
        soon(claimed.exists)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutExpired):
            process.wait(1)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert len(clinic.enrollments()) == before + 1
    enrolls = Effect.objects.filter(kind="enroll").order_by("-pk")[:2]
    assert sorted((e.status, e.attempts) for e in enrolls) == [("accepted", 1), ("queued", 0)]


def poison() -> None:
    """Every way known in which a schedule or a task can be malformed."""
    for broken in ({"args": "("}, {"schedule_type": Schedule.CRON, "cron": "never"}):
        fields = {"name": "broken", "func": "time.sleep", "schedule_type": "H", **broken}
        Schedule.objects.bulk_create([Schedule(**fields)])
    async_task("no.such.function")
    async_task("operator.truediv", 1, 0)
    async_task("time.sleep", 30, timeout=1)
    async_task("sys.exit", 1)
    for payload in ("garbage", f"{of_a_class_that_is_gone()}x", of_a_class_that_is_gone()):
        OrmQ.objects.create(key="kept", payload=payload, lock=timezone.now())


def of_a_class_that_is_gone() -> str:
    """A task whose argument was of a class that the next version does not have."""
    module = ModuleType("gone_with_the_last_version")
    gone = type("Gone", (), {"__module__": module.__name__})
    module.Gone = gone
    sys.modules[module.__name__] = module
    try:
        return SignedPackage.dumps({"id": "x", "name": "x", "func": "x", "args": (gone,)})
    finally:
        del sys.modules[module.__name__]


@pytest.mark.usefixtures("as_process")
def test_malformed_schedules_and_tasks_stop_neither_workers_nor_sweeper(
    clinic: Clinic, tmp_path: Path
) -> None:
    poison()
    appointment = clinic.book(clinic.patient())
    FeedCursor.objects.update(next_poll_at=timezone.now())
    with watching(tmp_path / "log") as watched:
        soon(lambda: clinic.active(appointment), told(watched))
        a_bell_is_answered(told(watched))
        soon(lambda: watched.said("schedule_switched_off"), told(watched))
        failed = {"no.such.function", "operator.truediv", "time.sleep"}
        results = Task.objects.filter(success=False).values_list("func", flat=True)
        soon(lambda: set(results.all()) == failed, told(watched))
        # What ended a worker, and what ended the process that fetches, are kept for `retry`.
        soon(lambda: OrmQ.objects.count() == 2, told(watched))
        a_bell_is_answered(told(watched))
    assert Schedule.objects.filter(name="broken", repeats=0).count() == 2


def test_a_database_that_ends_every_connection_is_found_again(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to lose.")
    with watching(tmp_path / "log") as watched:
        processes = {watched.group(role) for role in HeartbeatRole}
        a_bell_is_answered(told(watched))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        after = database_now()
        a_bell_is_answered(told(watched))
        heard = Heartbeat.objects.filter(pid__in=processes, beat_at__gt=after)
        soon(lambda: heard.count() == len(HeartbeatRole), told(watched))
