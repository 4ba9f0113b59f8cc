"""How a connection stands at this moment, in plain words: for the console, commands and health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.local_time import clock, lately, zone_of
from integrations.models import Connection, RequestBudget


class State(StrEnum):
    """How a connection stands: the first of these that holds."""

    PAUSED = "paused"
    SILENT = "does_not_answer"
    USED_UP = "quota_spent"
    OPEN = "open"


@dataclass(frozen=True)
class ConnectionStatus:
    """`words` completes the vendor's name to a sentence, without its full stop."""

    state: State
    words: str


def statuses(connections: Iterable[Connection], now: datetime) -> dict[int, ConnectionStatus]:
    """The status of each connection by our id; a connection comes with its practice. One query."""
    used_up = {
        (row.host, row.client_id): row
        for row in RequestBudget.objects.filter(quota_spent=True, blocked_until__gt=now)
    }
    return {
        row.pk: _status(row, used_up.get((row.host, row.client_id)), now) for row in connections
    }


def status_of(connection: Connection, now: datetime) -> ConnectionStatus:
    """The status of one connection. One query."""
    return statuses([connection], now)[connection.pk]


def _status(row: Connection, budget: RequestBudget | None, now: datetime) -> ConnectionStatus:
    zone = row.practice.time_zone
    if row.paused_at is not None:
        since = lately(row.paused_at, zone, now)
        return ConnectionStatus(State.PAUSED, f"is paused by {row.paused_by} since {since}")
    if row.opened_at is not None:
        since = lately(row.opened_at, zone, now)
        return ConnectionStatus(
            State.SILENT, f"does not answer since {since}; Kept asks again every few minutes"
        )
    if budget is not None:
        assert budget.blocked_until is not None
        again = clock(budget.blocked_until.astimezone(zone_of(zone)))
        return ConnectionStatus(
            State.USED_UP,
            f"takes no more calls today; Kept goes on at midnight GMT, {again} here",
        )
    return ConnectionStatus(State.OPEN, "is open")
