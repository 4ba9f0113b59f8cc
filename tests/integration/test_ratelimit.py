"""One budget per API key, whoever spends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections

from integrations import ratelimit
from integrations.models import RequestBudget
from integrations.ratelimit import RateLimit

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon(monkeypatch):
    """The database's clock stands still at noon."""
    monkeypatch.setattr(ratelimit, "database_now", lambda: NOON)


@pytest.fixture
def limit(db):
    return RateLimit("api.example", "key", per_second=5)


def test_turns_follow_each_other_by_the_interval(limit, noon):
    assert [limit.reserve(10) for _ in range(3)] == [0, 0.2, 0.4]


def test_a_turn_beyond_patience_is_not_taken(limit, noon):
    assert limit.reserve(10) == 0
    assert limit.reserve(0.1) == 0.2
    assert limit.reserve(10) == 0.2


def test_idle_time_is_not_saved_up(limit, settings):
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(NOON, tick=False) as traveller:
        limit.reserve(10)
        traveller.shift(3600)
        assert [limit.reserve(10) for _ in range(2)] == [0, 0.2]


def test_keys_do_not_share(limit, noon):
    limit.reserve(10)
    assert RateLimit("api.example", "other", 5).reserve(10) == 0
    assert RateLimit("other.example", "key", 5).reserve(10) == 0


def test_a_pause_asked_for_by_the_vendor_holds_for_everybody(limit, noon):
    limit.block_for(30)
    assert RateLimit("api.example", "key", 5).reserve(10) == 30
    assert limit.reserve(60) == 30
    assert limit.reserve(60) == 30.2


def test_a_shorter_pause_never_shortens_a_longer_one(limit, noon):
    limit.block_for(30)
    limit.block_until(NOON + timedelta(seconds=5))
    assert limit.reserve(0) == 30


@pytest.mark.django_db(transaction=True)
def test_no_two_workers_get_the_same_turn(monkeypatch):
    monkeypatch.setattr(ratelimit, "database_now", lambda: NOON)

    def turn(_: int) -> float:
        try:
            return RateLimit("api.example", "key", 5).reserve(1000)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as workers:
        turns = sorted(workers.map(turn, range(24)))
    assert turns == [pytest.approx(number * 0.2) for number in range(24)]
    assert RequestBudget.objects.count() == 1
