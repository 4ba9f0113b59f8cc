"""The circuit of a connection: after failures in a row nothing more is sent, but for probes.

    closed ── FAILURES_TO_OPEN failures in a row ──> open ── any answer ──> closed
                                                      └ one probe at a time, ever more rarely

A failure is a call that got no answer, was not sent, or came back with a 5xx or with nonsense. A
refusal is an answer. A throttle is neither: it says that we are many, not that the vendor is down.
While the circuit is open the vendor counts as paused (connections.paused), so effects wait and
lose no attempt.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from django.db import DatabaseError
from django.db.models import F, QuerySet

from audit.context import acting_as
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.ports import GatewayError, Refused
from integrations.connections import registry
from integrations.models import Connection
from integrations.transport.errors import (
    NO_ANSWER,
    NOT_SENT,
    NOT_SERVED,
    REDIRECTED,
    SERVER_ERROR,
    VENDOR_NONSENSE,
)

FAILURES_TO_OPEN = 5
FAILURES = frozenset({NOT_SENT, NO_ANSWER, SERVER_ERROR, VENDOR_NONSENSE})
# Refusals by something that may stand before the vendor, and may answer while it is down.
NOT_ITS_OWN = frozenset({REDIRECTED, NOT_SERVED})

logger = logging.getLogger(__name__)


def learn(connection: Connection, error: GatewayError | None) -> None:
    """Count what a call's end says of the vendor. A count that cannot be stored changes nothing
    else.
    """
    try:
        if error is None or (isinstance(error, Refused) and error.code not in NOT_ITS_OWN):
            _answered(connection)
        elif error.code in FAILURES:
            _failed(connection)
    except DatabaseError:
        logger.exception("circuit_not_stored")


def take_probe(connection: Connection, *, at_once: bool = False) -> bool:
    """Whether this process is the one to ask now; `at_once` by a person's wish.

    The time of the next probe is moved on by as long as the circuit has been open, so the delays
    double, between the practice's own first and longest delay of a retry.
    """
    now = database_now()
    seen, opened = connection.probe_at, connection.opened_at
    if seen is None or opened is None or (seen > now and not at_once):
        return False
    following = now + _delay(connection, now - opened)
    rows = Connection.objects.filter(pk=connection.pk, probe_at=seen)
    return bool(rows.update(probe_at=following))


def close(connection: Connection) -> bool:
    """Close the circuit, so that everything goes on; False when it was closed. The current actor
    answers.
    """
    done = partial(registry.audit_connection, "connection.circuit_closed", connection)
    values = {"failures": 0, "opened_at": None, "probe_at": None}
    is_open = Connection.objects.filter(pk=connection.pk, opened_at__isnull=False)
    closed = registry.switch(connection, is_open, values, done)
    if closed:
        doorbell.ring()
    return closed


def _answered(connection: Connection) -> None:
    # What this process has loaded is recent: without a failure there, nothing is written.
    if not connection.failures and connection.opened_at is None:
        return
    rows = Connection.objects.filter(pk=connection.pk, opened_at__isnull=True)
    if not rows.update(failures=0):
        with acting_as(process=registry.ITSELF):
            close(connection)
    connection.failures, connection.opened_at, connection.probe_at = 0, None, None


def _failed(connection: Connection) -> None:
    closed = Connection.objects.filter(pk=connection.pk, opened_at__isnull=True)
    if not closed.update(failures=F("failures") + 1):
        return
    connection.failures += 1
    if closed.filter(failures__gte=FAILURES_TO_OPEN).exists():
        _open(connection, closed)


def _open(connection: Connection, closed: QuerySet[Connection]) -> None:
    now = database_now()
    values = {"opened_at": now, "probe_at": now + _delay(connection, timedelta(0))}
    enough = closed.filter(failures__gte=FAILURES_TO_OPEN)
    with acting_as(process=registry.ITSELF):
        done = partial(registry.audit_connection, "connection.circuit_opened", connection)
        registry.switch(connection, enough, values, done)


def _delay(connection: Connection, lasted: timedelta) -> timedelta:
    practice = connection.practice
    longest = timedelta(minutes=practice.retry_minutes)
    return min(longest, max(timedelta(seconds=practice.retry_base_seconds), lasted))
