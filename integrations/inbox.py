"""Step 1, receive: what came is stored raw and committed before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from integrations.models import Connection, InboundKind, InboundMessage, InboundStatus, SyncRun


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
    new = known = 0
    for event in events:
        identity = str(event.get("id") or "")[:120]
        with transaction.atomic():
            _, created = InboundMessage.objects.get_or_create(
                practice=connection.practice,
                vendor=connection.vendor,
                kind=InboundKind.EVENT,
                external_id=identity,
                defaults={
                    "connection": connection,
                    "payload": event,
                    "read_began": began,
                    "read_ended": ended,
                    "received_at": ended,
                    "sync_run": run,
                },
            )
        new, known = (new + 1, known) if created else (new, known + 1)
    return new, known


def park_row(page: InboundMessage, index: int, row: Any, problem: str) -> None:
    """Keep a row that makes no sense where staff can see it; its page goes on without it."""
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
