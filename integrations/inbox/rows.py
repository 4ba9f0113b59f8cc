"""The rows of a stored page, each taken in by itself: one that makes no sense holds up no other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import OperationalError

from campaigns.models import BULK, PROMPT
from campaigns.vendor_records import ReadSpan
from integrations.inbox.store import park_row
from integrations.models import InboundKind, InboundMessage, SyncKind
from integrations.transport.errors import Nonsense

BULK_RUNS = frozenset({SyncKind.BACKFILL, SyncKind.RECONCILE})

logger = logging.getLogger(__name__)


def take_rows(message: InboundMessage, take: Callable[[Any], str | None]) -> Counter[str]:
    """What `take` says of each row, counted; a row that makes no sense is parked.

    One that was parked before comes alone, and raises Nonsense where it still makes none.
    """
    if message.kind == InboundKind.ROW:
        return Counter(filter(None, [_taken(message, message.payload, take)]))
    counts: Counter[str] = Counter()
    for index, row in enumerate(message.payload or []):
        counts["seen"] += 1
        try:
            taken = _taken(message, row, take)
        except Nonsense as nonsense:
            park_row(message, index, row, nonsense.sentence)
            counts["errors"] += 1
            continue
        if taken is not None:
            counts[taken] += 1
    return counts


def _taken(message: InboundMessage, row: Any, take: Callable[[Any], str | None]) -> str | None:
    try:
        return take(row)
    except (Nonsense, OperationalError):
        # A database that is busy or away is no fault of the row.
        raise
    except Exception:
        logger.exception("row_not_taken_in", extra={"inbound": message.pk})
        raise Nonsense("Kept could not take this in. Tell your operator.") from None


def span_of(message: InboundMessage) -> ReadSpan:
    """When the content of a message was read."""
    return ReadSpan(message.read_began, message.read_ended or message.received_at)


def priority_of(message: InboundMessage) -> int:
    """What a patient or the desk waits for comes before the visits of months to come."""
    bulk = message.sync_run is not None and message.sync_run.kind in BULK_RUNS
    return BULK if bulk else PROMPT


def page_kind(message: InboundMessage) -> InboundKind:
    """What a message holds, or of which page it is a row."""
    page = message.parent if message.kind == InboundKind.ROW else None
    return InboundKind((page or message).kind)
