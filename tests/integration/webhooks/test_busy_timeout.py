"""SQLite's lock is asked for every few milliseconds by what somebody outside waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from campaigns.models import Practice
from integrations.webhooks.busy_timeout import retry_while_busy
from tests.factories import PracticeFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one lock for all"),
]


@pytest.fixture
def another(other_connection: Any) -> Any:
    """Another process, which holds the lock."""
    cursor = other_connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    return cursor


def renaming(before: Callable[[int], None]) -> Callable[[], int]:
    """Writes in a transaction of its own, and answers how often it was tried."""
    tries = 0

    def work() -> int:
        nonlocal tries
        tries += 1
        before(tries)
        with transaction.atomic():
            Practice.objects.update(name="Harbor Family Health")
        return tries

    return work


def patience() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])


def test_it_is_done_when_the_lock_becomes_free(another: Any) -> None:
    def free(tries: int) -> None:
        if tries == 3:
            another.execute("ROLLBACK")

    usual = patience()
    assert retry_while_busy(60_000, renaming(free)) == 3
    assert patience() == usual


def test_it_is_given_up_in_time(another: Any) -> None:
    usual = patience()
    with pytest.raises(OperationalError, match="locked"):
        retry_while_busy(100, renaming(lambda tries: None))
    assert patience() == usual
    another.execute("ROLLBACK")


def test_what_is_wrong_for_another_reason_is_not_repeated() -> None:
    PracticeFactory(external_id="195900")
    tries = []

    def work() -> None:
        tries.append(1)
        PracticeFactory(external_id="195900")

    with pytest.raises(IntegrityError):
        retry_while_busy(60_000, work)
    assert len(tries) == 1
