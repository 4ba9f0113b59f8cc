"""One cheap read of a vendor: whether it answers again, and whether it takes our credentials.

What it means for the circuit is learned where every call ends (connections/circuit_breaker.py).
"""

from __future__ import annotations

from campaigns import doorbell
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations.connections import circuit_breaker, registry
from integrations.models import Connection
from integrations.vendors import face_of


def probe_due(practice: Practice, *, at_once: bool = False) -> None:
    """Probe the vendors that do not answer, each when its time has come or `at_once`.

    One process probes at a time: a second one leaves it to the first.
    """
    for connection in _silent(practice):
        if circuit_breaker.take_probe(connection, at_once=at_once):
            probe(connection)


def resume(connection: Connection) -> str:
    """Resume a connection and probe it at once; the sentence when it still does not work.

    Refused credentials pause it again. An outage opens the circuit again soon enough.
    """
    registry.resume(connection)
    circuit_breaker.close(connection)
    problem = probe(connection)
    doorbell.ring()
    return problem


def silent(practice: Practice) -> list[str]:
    """A sentence for each vendor that does not answer."""
    return [registry.unanswered(connection).sentence for connection in _silent(practice)]


def probe(connection: Connection) -> str:
    """Read something small; the sentence when that did not work, else nothing."""
    try:
        face_of(connection.vendor).probe(connection)
    except GatewayError as error:
        return error.sentence
    return ""


def _silent(practice: Practice) -> list[Connection]:
    """The connections whose vendor does not answer; those that a person has paused are
    not probed.
    """
    return list(
        Connection.objects.select_related("practice")
        .filter(practice=practice, paused_at__isnull=True, opened_at__isnull=False)
        .order_by("pk")
    )
