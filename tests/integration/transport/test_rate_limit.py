"""One budget per API key, whoever spends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections

from integrations.models import RequestBudget
from integrations.transport import rate_limit
from integrations.transport.rate_limit import BULK, RateLimit, bulk

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon(monkeypatch):
    """The database's clock stands still at noon."""
    monkeypatch.setattr(rate_limit, "database_now", lambda: NOON)


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
    monkeypatch.setattr(rate_limit, "database_now", lambda: NOON)

    def turn(_: int) -> float:
        try:
            return RateLimit("api.example", "key", 5).reserve(1000)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as workers:
        turns = sorted(workers.map(turn, range(24)))
    assert turns == [pytest.approx(number * 0.2) for number in range(24)]
    assert RequestBudget.objects.count() == 1


@pytest.fixture
def clock(settings, monkeypatch):
    """A clock that moves only when somebody sleeps, or the test moves it."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(NOON, tick=False) as traveller:
        monkeypatch.setattr(rate_limit.time, "sleep", traveller.shift)
        yield traveller


def seconds() -> float:
    return (datetime.now(UTC) - NOON).total_seconds()


def test_bulk_work_takes_every_other_turn_at_most(limit, clock):
    moments = []
    with bulk():
        for _ in range(4):
            assert limit.reserve(10) == 0
            moments.append(seconds())
    assert moments == pytest.approx([0, 0.4, 0.8, 1.2])


def test_a_prompt_call_waits_for_one_call_of_bulk_work_at_most(limit, clock):
    with bulk():
        limit.reserve(10)
    assert limit.reserve(10) == 0.2


def test_bulk_work_goes_behind_those_who_came_while_it_waited(limit, clock, monkeypatch):
    limit.reserve(10)
    came = []

    def sleep(wait):
        clock.shift(wait)
        if len(came) < 3:
            # A prompt call arrives each time bulk work wakes up.
            token = BULK.set(False)
            came.append(limit.reserve(10))
            BULK.reset(token)

    monkeypatch.setattr(rate_limit.time, "sleep", sleep)
    with bulk():
        assert limit.reserve(10) == 0
    assert came == [0, 0, 0]
    assert seconds() == pytest.approx(0.8)


def test_bulk_work_that_finds_no_turn_takes_none(limit, clock):
    limit.block_for(30)
    with bulk():
        assert limit.reserve(5) == pytest.approx(30)
    assert seconds() == 0
    assert RequestBudget.objects.get().next_at is None


def test_bulk_work_that_gives_up_after_waiting_says_so(limit, clock, monkeypatch):
    """The caller sends only what had its turn within the patience."""

    def sleep(wait):
        clock.shift(wait)
        # Somebody takes the turn each time.
        token = BULK.set(False)
        limit.reserve(10)
        BULK.reset(token)

    limit.reserve(10)
    monkeypatch.setattr(rate_limit.time, "sleep", sleep)
    with bulk():
        assert limit.reserve(1) > 1
    assert RequestBudget.objects.get().spent == 6


def test_bulk_ends_with_its_block(limit, clock):
    with pytest.raises(ZeroDivisionError), bulk():
        raise ZeroDivisionError
    assert not BULK.get()


@pytest.mark.django_db(transaction=True)
def test_bulk_processes_beside_prompt_ones_keep_to_the_rate(monkeypatch):
    moment = [NOON]
    monkeypatch.setattr(rate_limit, "database_now", lambda: moment[0])
    taken: list[tuple[str, float]] = []

    def prompt(_: int) -> None:
        try:
            taken.append(("prompt", RateLimit("api.example", "key", 5).reserve(1000)))
        finally:
            connections.close_all()

    def behind(_: int) -> None:
        try:
            with bulk():
                taken.append(("bulk", RateLimit("api.example", "key", 5).reserve(0)))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(prompt, range(10)))
        list(workers.map(behind, range(10)))
    turns = sorted(wait for who, wait in taken if who == "prompt")
    assert turns == [pytest.approx(number * 0.2) for number in range(10)]
    # All of them would have had to wait for the prompt ones, and nobody took a turn.
    assert {wait for who, wait in taken if who == "bulk"} == {2.0}
    assert RequestBudget.objects.get().spent == 10
