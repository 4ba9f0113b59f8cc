"""A change of the rules marks every visit while looks hold some: staff never see a deadlock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from campaigns.domain.values import RuleChangeStatus
from campaigns.locking import retried
from campaigns.mapping.rule_changes import change_rules
from campaigns.models import CLINICAL_OPS, Appointment, Practice, RuleChange
from tests.factories import UserFactory
from tests.integration.mapping.mapping_room import ANY_CELL, SAVE, form
from tests.integration.rule_room import a_mapped_practice, change_to, visit

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_process"),
]
PATIENCE_SECONDS = 20
# Somebody has waited for clearly longer than we shall have when the database looks, after a second.
WAITING = """
    SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
    AND clock_timestamp() - waitstart > interval '0.5 seconds'
"""


@pytest.fixture(autouse=True)
def only_on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, and so no deadlocks.")


@pytest.fixture
def practice() -> Practice:
    return a_mapped_practice()


@pytest.fixture
def other() -> Iterator[Any]:
    """Another process' connection."""
    with closing(connection.copy()) as made:
        made.inc_thread_sharing()
        yield made


def locking_backwards(other: Any, rows: list[Appointment]) -> Callable[[], None]:
    """Holds the last visit, waits until somebody waits for it, and asks for the first.

    The one who has waited longer is ended by the database, and that is not us.
    """
    first, *_, last = sorted(row.pk for row in rows)

    def locked(pk: int) -> None:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM campaigns_appointment WHERE id=%s FOR UPDATE", [pk])

    other.set_autocommit(False)
    locked(last)

    def go_on() -> None:
        wait_for_somebody_waiting(other)
        locked(first)
        other.rollback()

    return go_on


def wait_for_somebody_waiting(other: Any) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    with other.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(WAITING)
            if cursor.fetchone():
                return
    raise AssertionError("Nobody came to wait.")


def save_by_the_service(practice: Practice) -> None:
    change_to(practice, "cmp_es")


def save_in_the_mapping(practice: Practice) -> None:
    client = Client()
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[practice]))
    sent = form(practice, step="save", **{ANY_CELL: "cmp_es"})
    assert client.post(SAVE, sent).status_code == 302


@pytest.mark.parametrize("save", [save_by_the_service, save_in_the_mapping])
def test_a_change_that_a_deadlock_ended_is_made_again(
    practice: Practice,
    other: Any,
    save: Callable[[Practice], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [visit(practice), visit(practice)]
    thread = Thread(target=locking_backwards(other, rows))
    with caplog.at_level(logging.WARNING, "campaigns.locking"):
        thread.start()
        save(practice)
        thread.join(PATIENCE_SECONDS)
    assert "deadlock_retried" in caplog.text
    assert RuleChange.objects.get().status == RuleChangeStatus.APPLIED
    assert practice.appointments.filter(look_due_at__isnull=False).count() == 2


def test_a_look_may_write_while_a_change_is_being_made(practice: Practice, other: Any) -> None:
    """Its rows name the practice: with a stronger lock on that, each would wait for the other."""

    def write() -> None:
        # What PostgreSQL asks for itself when a row that names the practice is written.
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM campaigns_practice WHERE id=%s FOR KEY SHARE NOWAIT", [practice.pk]
            )

    change_rules(practice, write)


def test_another_failure_of_the_database_is_not_tried_again() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 1; SELECT pg_sleep(1)")

    try:
        with pytest.raises(OperationalError):
            retried(work)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
    assert len(tries) == 1
