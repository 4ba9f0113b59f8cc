"""A clinic as its first bootstrap left it, written down once and put back for each further test.

The bootstrap itself, over real HTTP, is what `remember` is called after: once in a run, and again
wherever a test asks for it by name. What is put back is the same on both sides: Kept's rows, and
what the vendors hold because of it, with every instant as long ago as it was then.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import DateTimeField, Model
from django_q.models import Schedule

from campaigns.clock import database_now
from integrations.simulators.athenahealth.feed import Feed
from integrations.simulators.server import SimulatorServer
from integrations.simulators.simulation import Simulation
from tests.emptying import MADE_BY_MIGRATE

Tokens = dict[str, tuple[str, datetime, set[str]]]


@dataclass(frozen=True)
class Opened:
    """The rows by model, what the simulators hold, and when and where that was so."""

    at: datetime
    port: int
    rows: list[list[Model]]
    vendors_at: datetime
    feeds: dict[tuple[str, str], Feed]
    tokens: Tokens
    issued: int
    writes: list[Any]
    entries: list[Any]


def remember(server: SimulatorServer) -> Opened:
    """Call it right after a bootstrap on an empty database and with an empty simulation."""
    simulation = server.simulation
    with simulation.lock:
        return Opened(
            at=database_now(),
            port=server.port,
            rows=_filled(),
            vendors_at=simulation.clock(),
            feeds=deepcopy(simulation.athena.feeds.feeds),
            tokens=dict(simulation.athena.tokens.living),
            issued=simulation.athena.tokens.issued,
            writes=list(simulation.ledger.writes),
            entries=list(simulation.ledger.entries),
        )


def put_back(was: Opened, server: SimulatorServer) -> None:
    """On an emptied database, and with a simulation that nobody has spoken to."""
    later = database_now() - was.at
    # The numbers of these rows have been given out before, so that no new row gets them again.
    with transaction.atomic():
        for rows in was.rows:
            again = _readdressed(was.port, server.port, later)
            type(rows[0])._base_manager.bulk_create([again(row) for row in rows])
    _tell_vendors(was, server.simulation)


def _tell_vendors(was: Opened, simulation: Simulation) -> None:
    with simulation.lock:
        later = simulation.clock() - was.vendors_at
        feeds = simulation.athena.feeds.feeds
        feeds.update(deepcopy(was.feeds))
        for feed in feeds.values():
            feed.subscribed = {event: at + later for event, at in feed.subscribed.items()}
        tokens = simulation.athena.tokens
        tokens.issued = was.issued
        for token, (client, until, scopes) in was.tokens.items():
            tokens.living[token] = (client, until + later, scopes)
        simulation.ledger.writes.extend(was.writes)
        simulation.ledger.entries.extend(was.entries)


def _filled() -> list[list[Model]]:
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.db_table not in MADE_BY_MIGRATE
        and model is not Schedule
    ]
    tables = [list(model._base_manager.order_by("pk")) for model in models]
    return [rows for rows in tables if rows]


def _readdressed(port: int, now_at: int, later: timedelta) -> Callable[[Model], Model]:
    """How a row reads with the vendors at another port, and with its instants moved."""

    def value_of(field: Any, value: Any) -> Any:
        if isinstance(field, DateTimeField) and value is not None:
            return value + later
        if isinstance(value, str):
            return value.replace(f"127.0.0.1:{port}", f"127.0.0.1:{now_at}")
        return value

    def again(row: Model) -> Model:
        fields = row._meta.concrete_fields
        values = {field.attname: getattr(row, field.attname) for field in fields}
        return type(row)(
            **{field.attname: value_of(field, values[field.attname]) for field in fields}
        )

    return again
