"""Step 1, receive: a message is stored raw and committed before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from integrations.models import (
    Connection,
    EventSubscription,
    InboundKind,
    InboundMessage,
    InboundStatus,
    SyncRun,
)
from integrations.transport.notification import Notification, by_id

# When a vendor was last heard is stored this exactly: each write of it costs a lock.
HEARD_EVERY = timedelta(minutes=1)
# How many ids one question names.
TOGETHER = 500
NO_ID = "Relatient sent an event without an id."


def store_page(
    connection: Connection,
    kind: InboundKind,
    rows: list[dict[str, Any]],
    *,
    began: datetime,
    ended: datetime,
    run: SyncRun | None,
) -> InboundMessage | None:
    """Store one page as it came; an empty one holds nothing worth keeping."""
    if not rows:
        return None
    return InboundMessage.objects.create(
        practice=connection.practice,
        connection=connection,
        vendor=connection.vendor,
        kind=kind,
        payload=rows,
        read_began=began,
        read_ended=ended,
        received_at=ended,
        sync_run=run,
    )


def store_events(
    connection: Connection,
    events: Iterable[dict[str, Any]],
    *,
    began: datetime,
    ended: datetime,
    run: SyncRun | None,
) -> tuple[int, int]:
    """Store events once each, by the vendor's own id; how many were new and how many known.

    The caller's transaction holds the new cursor too, so neither is kept without the other.
    """
    told = by_id(events, NO_ID)
    rows = _unknown(connection, _rows(connection, told, began, ended, run))
    InboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
    total = len(told.events) + len(told.unclear)
    return len(rows), total - len(rows)


def store_notification(connection: Connection, sent: Notification, at: datetime) -> int:
    """Store the events of an authentic notification; how many rows are new, which are committed
    then.

    Events that are known already take no lock: a vendor that repeats itself is answered at once.
    """
    rows = _unknown(connection, _rows(connection, sent, at, at, None))
    unheard = Q(webhook_heard_at__isnull=True) | Q(webhook_heard_at__lte=at - HEARD_EVERY)
    heard = connection.webhook_heard_at
    if rows or heard is None or heard <= at - HEARD_EVERY:
        # In one order, so that two deliveries of the same events cannot wait for each other.
        rows.sort(key=lambda row: (row.kind, row.external_id))
        with transaction.atomic():
            InboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
            Connection.objects.filter(unheard, pk=connection.pk).update(webhook_heard_at=at)
            if sent.topics:
                _heard_of(connection, sent.topics, at)
    return len(rows)


def _heard_of(connection: Connection, topics: Iterable[str], at: datetime) -> None:
    unheard = Q(last_event_at__isnull=True) | Q(last_event_at__lte=at - HEARD_EVERY)
    mine = EventSubscription.objects.filter(practice=connection.practice, topic__in=topics)
    mine.filter(unheard).update(last_event_at=at)


def _rows(
    connection: Connection,
    sent: Notification,
    began: datetime,
    ended: datetime,
    run: SyncRun | None,
) -> dict[tuple[str, str], InboundMessage]:
    """A row for each event and each unclear part, by kind and id; an event that is named twice has
    one.
    """
    always = {
        "practice": connection.practice,
        "connection": connection,
        "vendor": connection.vendor,
        "read_began": began,
        "read_ended": ended,
        "received_at": ended,
        "sync_run": run,
    }
    rows: dict[tuple[str, str], InboundMessage] = {}
    for one in sent.events:
        key = (InboundKind.EVENT.value, one.identity)
        rows[key] = InboundMessage(kind=key[0], external_id=key[1], payload=one.payload, **always)
    for part in sent.unclear:
        key = (InboundKind.NOTIFICATION.value, part.identity)
        rows[key] = InboundMessage(
            kind=key[0],
            external_id=key[1],
            # NULL means a payload that was purged.
            payload=part.payload if part.payload is not None else "null",
            status=InboundStatus.PARKED,
            problem=part.problem[:300],
            **always,
        )
    return rows


def _unknown(
    connection: Connection, rows: dict[tuple[str, str], InboundMessage]
) -> list[InboundMessage]:
    """The rows that are not stored yet; another process may be storing them at this moment."""
    known: set[tuple[str, str]] = set()
    stored = InboundMessage.objects.filter(practice=connection.practice, vendor=connection.vendor)
    for kind in {kind for kind, _ in rows}:
        ids = [identity for of, identity in rows if of == kind]
        for some in _batched(ids, TOGETHER):
            found = stored.filter(kind=kind, external_id__in=some)
            known |= {(kind, one) for one in found.values_list("external_id", flat=True)}
    return [row for key, row in rows.items() if key not in known]


def _batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in parts of this size at most."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def park_row(page: InboundMessage, index: int, row: Any, problem: str) -> None:
    """Store a row that makes no sense where staff can see it; its page goes on without it."""
    InboundMessage.objects.get_or_create(
        practice=page.practice,
        vendor=page.vendor,
        kind=InboundKind.ROW,
        external_id=f"{page.pk}-{index}",
        defaults={
            "connection": page.connection,
            "payload": row,
            "read_began": page.read_began,
            "read_ended": page.read_ended,
            "received_at": page.received_at,
            "status": InboundStatus.PARKED,
            "problem": problem[:300],
            "parent": page,
            "sync_run": page.sync_run,
        },
    )
