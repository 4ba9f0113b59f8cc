"""A vendor that fails again and again is left alone, asked by one process at a time, and let in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.db import connections as databases

from audit.models import AuditEvent
from campaigns.domain.values import System
from campaigns.models import Effect, Practice
from campaigns.ports import CREDENTIALS, GatewayError, OutcomeUnknown, Refused, TryLater
from integrations.connections import circuit_breaker, registry
from integrations.connections.circuit_breaker import FAILURES_TO_OPEN, learn, take_probe
from integrations.models import Connection
from tests.factories import PracticeFactory
from tests.integration.command_room import an_appointment

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DOWN = OutcomeUnknown("It had an error.", code="vendor_unavailable")


@pytest.fixture
def clock(settings) -> Iterator[time_machine.Coordinates]:
    """Stands still until it is moved."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def made() -> Connection:
    return Connection.objects.create(
        practice=PracticeFactory(external_id="195900"),
        vendor="relatient",
        base_url="https://relatient.example",
    )


@pytest.fixture
def connection(db: None, clock: time_machine.Coordinates) -> Connection:
    return made()


def fail(connection: Connection, times: int, error: GatewayError = DOWN) -> Connection:
    for _ in range(times):
        learn(Connection.objects.select_related("practice").get(pk=connection.pk), error)
    connection.refresh_from_db()
    return connection


@pytest.mark.parametrize(
    "code", ["unreachable", "no_answer", "vendor_unavailable", "vendor_nonsense"]
)
def test_failures_in_a_row_open_it(connection: Connection, code: str) -> None:
    error = TryLater("No.", code=code)
    assert fail(connection, FAILURES_TO_OPEN - 1, error).opened_at is None
    assert fail(connection, 1, error).opened_at == NOON
    assert registry.paused("195900") >= {System.ENGAGEMENT}
    with pytest.raises(TryLater) as caught:
        registry.find_open("195900", System.ENGAGEMENT)
    assert caught.value.code == "connection_paused"
    assert caught.value.sentence.startswith("Relatient does not answer at present. Kept asks again")


@pytest.mark.parametrize(
    "error",
    [
        TryLater("Slower.", code="rate_limited"),
        TryLater("Tomorrow.", code="quota_spent"),
        TryLater("No turn.", code="held_back"),
        TryLater("Paused.", code="connection_paused"),
        Refused("No.", code="validation_failed"),
        Refused("No.", code=CREDENTIALS),
        Refused("Elsewhere.", code="redirected"),
    ],
    ids=lambda error: error.code,
)
def test_what_says_nothing_of_an_outage_is_not_counted(
    connection: Connection, error: GatewayError
) -> None:
    assert fail(connection, 3 * FAILURES_TO_OPEN, error).opened_at is None
    assert connection.failures == 0


@pytest.mark.parametrize("answer", [None, Refused("No.", code="validation_failed")])
def test_any_answer_in_between_begins_the_count_anew(
    connection: Connection, answer: Refused | None
) -> None:
    fail(connection, FAILURES_TO_OPEN - 1)
    learn(connection, answer)
    assert fail(connection, FAILURES_TO_OPEN - 1).opened_at is None


def test_an_answer_costs_no_query_while_all_is_well(
    connection: Connection, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        learn(connection, None)


def test_a_redirect_does_not_close_it(connection: Connection) -> None:
    fail(connection, FAILURES_TO_OPEN)
    learn(connection, Refused("Elsewhere.", code="redirected"))
    assert Connection.objects.get().opened_at is not None


def test_probes_come_ever_more_rarely_between_the_practices_own_delays(
    connection: Connection, clock: time_machine.Coordinates
) -> None:
    fail(connection, FAILURES_TO_OPEN)
    waits = []
    for _ in range(6):
        before = datetime.now(UTC)
        connection.refresh_from_db()
        assert connection.probe_at is not None
        waits.append((connection.probe_at - before).total_seconds())
        assert not take_probe(connection)
        clock.move_to(connection.probe_at)
        assert take_probe(connection)
    assert waits == [30, 30, 60, 120, 240, 300]


def test_a_probe_is_taken_at_once_by_a_persons_wish(connection: Connection) -> None:
    fail(connection, FAILURES_TO_OPEN)
    assert take_probe(connection, at_once=True)


def test_an_answer_closes_it_and_those_who_waited_are_looked_at(connection: Connection) -> None:
    visit = an_appointment(connection.practice)
    Effect.objects.create(
        practice=connection.practice,
        kind="enroll",
        vendor="relatient",
        patient=visit.patient,
        appointment=visit,
        key="k",
        created_at=NOON,
        next_attempt_at=NOON,
    )
    fail(connection, FAILURES_TO_OPEN)
    visit.refresh_from_db()
    assert visit.look_due_at == NOON
    type(visit).objects.update(look_due_at=None)
    learn(connection, None)
    visit.refresh_from_db()
    assert visit.look_due_at == NOON
    row = Connection.objects.get()
    assert (row.failures, row.opened_at, row.probe_at) == (0, None, None)
    assert registry.find_open("195900", System.ENGAGEMENT)
    assert AuditEvent.objects.filter(action="connection.circuit_closed").count() == 1


def test_a_late_failure_does_not_move_the_beginning_of_an_outage(
    connection: Connection, clock: time_machine.Coordinates
) -> None:
    fail(connection, FAILURES_TO_OPEN)
    clock.shift(timedelta(minutes=10))
    assert fail(connection, 3).opened_at == NOON
    assert AuditEvent.objects.filter(action="connection.circuit_opened").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_one_opens_it_and_one_probes() -> None:
    pk = made().pk

    def one(_: int) -> bool:
        try:
            row = Connection.objects.select_related("practice").get(pk=pk)
            learn(row, DOWN)
            row.refresh_from_db()
            return row.opened_at is not None
        finally:
            databases.close_all()

    with ThreadPoolExecutor(5) as workers:
        list(workers.map(one, range(FAILURES_TO_OPEN + 3)))
    opened = Connection.objects.select_related("practice").get(pk=pk)
    assert opened.opened_at is not None
    assert AuditEvent.objects.filter(action="connection.circuit_opened").count() == 1

    def probe(_: int) -> bool:
        try:
            return take_probe(opened, at_once=True)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(5) as workers:
        assert sum(workers.map(probe, range(10))) == 1


def test_what_cannot_be_stored_does_not_change_what_a_call_has_brought(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(row: Connection) -> None:
        raise OperationalError

    monkeypatch.setattr(circuit_breaker, "_failed", busy)
    learn(connection, DOWN)


def test_practices_do_not_share_a_circuit(connection: Connection) -> None:
    other = Connection.objects.create(
        practice=PracticeFactory(external_id="2"),
        vendor="relatient",
        base_url="https://relatient.example",
    )
    fail(connection, FAILURES_TO_OPEN)
    assert isinstance(other.practice, Practice)
    assert registry.find_open("2", System.ENGAGEMENT) == other
