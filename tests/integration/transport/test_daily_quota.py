"""The calls of a day (GMT): counted, kept for patients at the end, waited for until midnight."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections as databases

from integrations.connections.status import State, status_of
from integrations.models import Connection, RequestBudget
from integrations.transport import rate_limit
from integrations.transport.rate_limit import QuotaSpent, RateLimit, bulk
from tests.factories import PracticeFactory

EVENING = datetime(2026, 6, 1, 20, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_heard_before():
    rate_limit._heard.clear()


@pytest.fixture
def clock(db, settings):
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


def limit(per_day: int | None = 0) -> RateLimit:
    return RateLimit("api.example", "key", 1000, per_day)


def row() -> RequestBudget:
    return RequestBudget.objects.get()


def test_calls_are_counted_by_the_day_of_gmt(clock):
    for _ in range(3):
        limit().reserve(10)
    assert (row().spent_on, row().spent) == (EVENING.date(), 3)
    clock.move_to(MIDNIGHT)
    limit().reserve(10)
    assert (row().spent_on, row().spent) == (MIDNIGHT.date(), 1)


def test_a_ceiling_of_our_own_stops_calls_until_midnight(clock):
    for _ in range(5):
        limit(5).reserve(10)
    with pytest.raises(QuotaSpent) as caught:
        limit(5).reserve(10)
    assert caught.value.until == MIDNIGHT
    assert caught.value.retry_after == 4 * 3600
    assert not caught.value.for_patients
    assert row().quota_spent and row().blocked_until == MIDNIGHT
    assert row().spent == 5
    clock.move_to(MIDNIGHT)
    assert limit(5).reserve(10) == 0
    assert not row().quota_spent


def test_a_higher_ceiling_counts_at_once(clock):
    limit(1).reserve(10)
    with pytest.raises(QuotaSpent):
        limit(1).reserve(10)
    assert limit(2).reserve(10) < 1
    assert not row().quota_spent


def test_what_a_header_says_is_stored_with_the_next_turn(clock, django_assert_num_queries):
    limit().reserve(10)
    with django_assert_num_queries(0):
        limit().heard(50_000, 41_000)
    limit().reserve(10)
    assert (row().quota_limit, row().quota_remaining) == (50_000, 41_000)
    assert row().quota_seen_at == EVENING


def test_a_turn_costs_one_update(clock, django_assert_num_queries):
    limit().reserve(10)
    limit().heard(50_000, 41_000)
    with django_assert_num_queries(4) as captured:
        limit().reserve(10)
    assert sum(one["sql"].startswith("UPDATE") for one in captured.captured_queries) == 1


def test_a_header_of_yesterday_says_nothing_of_today(clock):
    limit().heard(50_000, 3)
    clock.move_to(MIDNIGHT)
    limit().reserve(10)
    assert row().quota_remaining is None


def test_nothing_left_stops_everybody_at_once(clock):
    limit().heard(50_000, 0)
    with pytest.raises(QuotaSpent):
        limit().reserve(10)
    assert row().quota_spent
    clock.move_to(MIDNIGHT)
    assert limit().reserve(10) == 0
    assert row().quota_remaining is None


@pytest.mark.parametrize("per_day", [0, 100])
def test_the_last_tenth_is_kept_for_patients(clock, per_day):
    if per_day:
        limit(per_day).reserve(10)
        RequestBudget.objects.update(spent=90)
    else:
        limit().heard(100, 10)
    with bulk(), pytest.raises(QuotaSpent) as caught:
        limit(per_day).reserve(10)
    assert caught.value.for_patients
    assert not row().quota_spent
    assert limit(per_day).reserve(10) < 1


def test_the_lower_of_ceiling_and_header_counts(clock):
    limit(1000).heard(50_000, 1)
    limit(1000).reserve(10)
    limit(1000).heard(50_000, 0)
    with pytest.raises(QuotaSpent):
        limit(1000).reserve(10)


def test_a_vendor_without_a_quota_is_never_stopped_by_one(clock):
    limit(None).reserve(10)
    RequestBudget.objects.update(spent=1_000_000, quota_remaining=0)
    assert limit(None).reserve(10) < 1


def test_it_is_said_in_the_practices_own_zone(clock):
    practice = PracticeFactory(external_id="195900", time_zone="America/Denver")
    connection = Connection.objects.create(
        practice=practice,
        vendor="athenahealth",
        base_url="https://api.example",
        client_id="key",
    )
    assert status_of(connection, EVENING).state is State.OPEN
    limit().heard(50_000, 0)
    stands = status_of(connection, EVENING)
    assert stands.state is State.USED_UP
    assert stands.words == ("takes no more calls today; Kept goes on at midnight GMT, 6:00 PM here")
    assert status_of(connection, MIDNIGHT + timedelta(seconds=1)).state is State.OPEN


@pytest.mark.django_db(transaction=True)
def test_many_workers_spend_no_more_than_the_ceiling(monkeypatch):
    monkeypatch.setattr(rate_limit, "database_now", lambda: EVENING)

    def call(_: int) -> bool:
        try:
            limit(10).reserve(1000)
            return True
        except QuotaSpent:
            return False
        finally:
            databases.close_all()

    with ThreadPoolExecutor(6) as workers:
        assert sum(workers.map(call, range(25))) == 10
    assert row().spent == 10


def _spend(names: dict, times: int, answers) -> None:
    """In a process of its own: open its own connection to the test database."""
    for alias, name in names.items():
        databases[alias].close()
        databases[alias].settings_dict["NAME"] = name
    granted = 0
    for _ in range(times):
        try:
            granted += limit(30).reserve(1000) >= 0
        except QuotaSpent:
            break
    databases.close_all()
    answers.put(granted)


@pytest.mark.django_db(transaction=True)
def test_processes_share_the_row(settings):
    names = {alias: databases[alias].settings_dict["NAME"] for alias in databases}
    databases.close_all()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    workers = [context.Process(target=_spend, args=(names, 20, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    granted = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(granted) == 30
    assert row().spent == 30
