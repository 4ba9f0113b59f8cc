"""Rows that say who lives: written at work, judged by whoever watches, told to /readyz."""

from __future__ import annotations

import os
from datetime import timedelta
from threading import Event
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django_q.signals import post_execute_in_worker, pre_execute

from campaigns.clock import database_now
from integrations.health import heartbeats
from integrations.health.heartbeat_thread import Work, beating
from integrations.models import Heartbeat, HeartbeatRole
from project.running import heartbeat_listener as listening
from project.running.heartbeat_listener import HeartbeatListener

SECONDS = 20
WORKERS, SWEEPER = HeartbeatRole.WORKERS, HeartbeatRole.SWEEPER


@pytest.fixture(autouse=True)
def nothing_was_beaten() -> None:
    heartbeats._beaten.clear()


def row(role: HeartbeatRole, age: timedelta = timedelta(), pid: int = 1) -> Heartbeat:
    at = database_now() - age
    return Heartbeat.objects.create(
        role=role, host=heartbeats.host(), pid=pid, started_at=at, beat_at=at
    )


@pytest.mark.django_db
def test_a_process_group_has_one_row_which_is_written_anew() -> None:
    heartbeats.beat(WORKERS)
    first = Heartbeat.objects.get()
    heartbeats.beat(WORKERS, always=True)
    second = Heartbeat.objects.get()
    assert (first.role, first.host, first.pid) == (WORKERS, heartbeats.host(), os.getpgrp())
    assert second.started_at == first.started_at
    assert second.beat_at > first.beat_at


@pytest.mark.django_db
def test_a_loop_may_beat_at_every_turn_and_writes_now_and_then(
    django_assert_num_queries,
) -> None:
    heartbeats.beat(SWEEPER)
    with django_assert_num_queries(0):
        heartbeats.beat(SWEEPER)


@pytest.mark.django_db
def test_what_has_been_dead_for_a_day_is_forgotten() -> None:
    row(WORKERS, timedelta(hours=25), pid=1)
    row(WORKERS, timedelta(hours=23), pid=2)
    assert heartbeats.forget_the_dead() == 1
    assert Heartbeat.objects.get().pid == 2


@pytest.mark.django_db
def test_the_report_has_the_latest_of_each_role() -> None:
    assert heartbeats.report()["state"] == "none"
    row(WORKERS, timedelta(hours=1), pid=1)
    row(WORKERS, timedelta(seconds=5), pid=2)
    report = heartbeats.report()
    assert report["state"] == "ok"
    assert report["roles"]["workers"] == {"state": "ok", "age_seconds": 5}
    assert report["roles"]["watch"] == {"state": "none", "age_seconds": None}
    row(SWEEPER, timedelta(seconds=200))
    report = heartbeats.report()
    assert report["state"] == report["roles"]["sweeper"]["state"] == "stale"


@pytest.mark.django_db(transaction=True)
def test_long_work_goes_on_beating_and_then_falls_silent(monkeypatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.01)
    beaten = Event()
    beat = heartbeats.beat

    def listen(role: HeartbeatRole, *, always: bool = False) -> None:
        beat(role, always=always)
        if always:
            beaten.set()

    monkeypatch.setattr(heartbeats, "beat", listen)
    work = Work(WORKERS, longest=SECONDS)
    work.begin()
    began = Heartbeat.objects.get().beat_at
    assert beaten.wait(SECONDS), "nothing beats beside the work"
    work.end()
    work.thread.join(SECONDS)
    assert not work.thread.is_alive()
    assert Heartbeat.objects.get().beat_at > began


@pytest.mark.django_db(transaction=True)
def test_work_that_never_ends_falls_silent_too(monkeypatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.01)
    work = Work(WORKERS, longest=0.03)
    work.begin()
    work.thread.join(SECONDS)
    assert not work.thread.is_alive()
    assert not work.done.is_set()


@pytest.mark.django_db
def test_a_beat_that_cannot_be_written_does_not_stop_the_work() -> None:
    with (
        mock.patch.object(heartbeats, "database_now", side_effect=OperationalError("away")),
        beating(WORKERS),
    ):
        done = True
    assert done
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_every_task_that_a_worker_takes_is_heard() -> None:
    pre_execute.send(sender="django_q", func=None, task={})
    post_execute_in_worker.send(sender="django_q", func=None, task={})
    assert Heartbeat.objects.get().role == WORKERS


@pytest.mark.django_db
def test_the_listener_hears_its_own_group_only(monkeypatch) -> None:
    clock = a_clock(monkeypatch)
    listener = HeartbeatListener(WORKERS, patience=90)
    listener.started(1)
    row(WORKERS, pid=1)
    listener.listen()
    row(WORKERS, pid=2)
    clock.now += 91
    listener.listen()
    assert listener.silent()
    Heartbeat.objects.filter(pid=1).update(beat_at=database_now())
    listener.listen()
    assert not listener.silent()
    listener.ended(1)
    assert Heartbeat.objects.get().pid == 2


@pytest.mark.django_db
def test_a_database_that_was_away_makes_nobody_look_dead(monkeypatch) -> None:
    clock = a_clock(monkeypatch)
    listener = HeartbeatListener(WORKERS, patience=90)
    listener.started(1)
    row(WORKERS, pid=1)
    listener.listen()
    clock.now += 1000
    with (
        mock.patch.object(heartbeats, "last_beat", side_effect=OperationalError("away")),
        pytest.raises(OperationalError),
    ):
        listener.listen()
    listener.listen()
    assert not listener.silent()
    clock.now += 91
    listener.listen()
    assert listener.silent()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def a_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Our own clock, as the listener reads it."""
    clock = Clock()
    monkeypatch.setattr(listening, "time", clock)
    return clock


@pytest.mark.django_db(transaction=True)
def test_the_thread_leaves_no_connection_open(monkeypatch) -> None:
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.01)
    closed = Event()
    real = connection._connections[connection._alias].__class__.close

    def close(wrapper) -> None:
        real(wrapper)
        closed.set()

    work = Work(WORKERS, longest=0.05)
    with mock.patch.object(type(connection._connections[connection._alias]), "close", close):
        work.begin()
        work.thread.join(SECONDS)
    assert closed.is_set()
