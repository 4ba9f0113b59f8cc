"""The state of connections, their feeds and the inbox, for /readyz and /metrics alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min

from campaigns.models import Practice
from integrations.models import (
    Connection,
    FeedCursor,
    InboundMessage,
    InboundStatus,
    RequestBudget,
)
from integrations.vendors import face_of

# Parked messages stay as a record; what was parked lately is what calls for somebody.
PARKED_LATELY = timedelta(days=1)


@dataclass
class Condition:
    """One connection: its row without secrets, its feeds, and the budget of its key, if any."""

    connection: Connection
    feeds: list[FeedCursor] = field(default_factory=list)
    budget: RequestBudget | None = None

    @property
    def last_success_at(self) -> datetime | None:
        """When the stalest feed of the connection was last read; None before the first time."""
        read = [feed.last_success_at for feed in self.feeds]
        moments = [moment for moment in read if moment is not None]
        return min(moments) if moments and len(moments) == len(read) else None


@dataclass(frozen=True)
class Waiting:
    """Messages of one kind that are stored and not processed yet."""

    practice_id: int
    vendor: str
    kind: str
    count: int
    oldest_at: datetime


def conditions(practices: Sequence[Practice]) -> list[Condition]:
    """The connections of these practices to the vendors in force: three queries.

    One that was put out of force stays paused, which is nothing to be told of.
    """
    connections = (
        Connection.objects.filter(practice__in=practices)
        .select_related("practice")
        .defer("secret", "webhook_secret", "webhook_secret_before")
        .order_by("practice_id", "vendor")
    )
    in_force = (row for row in connections if row.practice.systems_of(row.vendor))
    found = {row.pk: Condition(row) for row in in_force}
    for cursor in FeedCursor.objects.filter(connection__in=list(found)).order_by("feed"):
        found[cursor.connection_id].feeds.append(cursor)
    budgets = {(row.host, row.client_id): row for row in RequestBudget.objects.all()}
    for condition in found.values():
        connection = condition.connection
        condition.budget = budgets.get(face_of(connection.vendor).budget_key(connection))
    return list(found.values())


def inbox(practices: Sequence[Practice]) -> list[Waiting]:
    """How many messages are stored and not processed: one query."""
    rows = (
        InboundMessage.objects.filter(practice__in=practices, status=InboundStatus.STORED)
        .order_by()
        .values_list("practice_id", "vendor", "kind")
        .annotate(Count("pk"), Min("received_at"))
    )
    return [Waiting(*row) for row in rows]


def parked_lately(practices: Sequence[Practice], now: datetime) -> list[tuple[int, str, str, int]]:
    """Practice (our id), vendor, kind and number of the messages of the last day that make no
    sense: one query."""
    rows = (
        InboundMessage.objects.filter(
            practice__in=practices,
            received_at__gte=now - PARKED_LATELY,
            status=InboundStatus.PARKED,
        )
        .order_by()
        .values_list("practice_id", "vendor", "kind")
        .annotate(Count("pk"))
    )
    return list(rows)
