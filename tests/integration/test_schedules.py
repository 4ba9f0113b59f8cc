"""A row that django-q2 cannot compute stops all its schedules: ours is put back, it is put out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from project.schedules import TICK, ensure_schedules, mend_schedules

pytestmark = pytest.mark.django_db

BROKEN: list[dict[str, Any]] = [
    {"args": "1, 2, ("},
    {"args": "not_a_literal()"},
    {"kwargs": "[1, 2]"},
    {"kwargs": "{'func': 'other'}"},
    {"kwargs": "{1: 2}"},
    {"kwargs": "{'q_options': 5}"},
    {"kwargs": ") or g("},
    {"schedule_type": "??"},
    {"schedule_type": Schedule.CRON, "cron": "no cron at all"},
]
SOUND: list[dict[str, Any]] = [
    {"args": "1, 2, 'three'"},
    {"kwargs": "a=1, b='two'"},
    {"kwargs": "{'a': 1}"},
    {"kwargs": "cannot be read at all"},
    {"func": "no.such.function"},
]


@pytest.fixture(autouse=True)
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    # It would end the connection of the test, which has a transaction open.
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)
    ensure_schedules()
    Schedule.objects.filter(name=TICK).update(next_run=timezone.now() - timedelta(minutes=2))
    OrmQ.objects.all().delete()


def a_row(**fields: Any) -> Schedule:
    """A schedule that somebody else made; due earlier than ours. Its own save would refuse some."""
    known = {"func": "time.sleep", "schedule_type": Schedule.HOURLY, **fields}
    at = timezone.now() - timedelta(minutes=5)
    return Schedule.objects.bulk_create([Schedule(name="foreign", next_run=at, **known)])[0]


def ticks() -> int:
    """How often a worker was asked to tick."""
    return sum(row.func() == "integrations.tasks.tick" for row in OrmQ.objects.all())


@pytest.mark.parametrize("fields", BROKEN, ids=str)
def test_a_malformed_schedule_is_switched_off_and_the_tick_goes_on(fields: dict[str, Any]) -> None:
    row = a_row(**fields)
    scheduler()
    assert ticks() == 0, "this one would not have stopped anything"
    assert mend_schedules() == [str(row.pk)]
    scheduler()
    assert ticks() == 1
    assert mend_schedules() == []


@pytest.mark.parametrize("fields", SOUND, ids=str)
def test_a_schedule_that_django_q2_can_compute_is_left_alone(fields: dict[str, Any]) -> None:
    a_row(**fields)
    assert mend_schedules() == []
    scheduler()
    assert ticks() == 1


def test_a_schedule_of_years_ago_is_switched_off_before_it_is_stepped_through() -> None:
    row = a_row(schedule_type=Schedule.MINUTES, minutes=1)
    Schedule.objects.filter(pk=row.pk).update(next_run=timezone.now() - timedelta(days=4000))
    assert mend_schedules() == [str(row.pk)]


@pytest.mark.parametrize(
    "change",
    [
        {"args": "("},
        {"kwargs": "a=1"},
        {"func": "no.such.function"},
        {"repeats": 0},
        {"cluster": "another"},
        {"next_run": None},
    ],
    ids=str,
)
def test_our_own_schedule_is_put_back_as_it_was(change: dict[str, Any]) -> None:
    Schedule.objects.filter(name=TICK).update(**change)
    mend_schedules()
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=2))
    scheduler()
    assert ticks() == 1


def test_our_own_schedule_is_there_once() -> None:
    Schedule.objects.create(name=TICK, func="time.sleep", schedule_type=Schedule.HOURLY)
    mend_schedules()
    assert Schedule.objects.get(name=TICK).func == "integrations.tasks.tick"
    Schedule.objects.all().delete()
    mend_schedules()
    assert Schedule.objects.get(name=TICK).func == "integrations.tasks.tick"
