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
from integrations.models import InboundMessage, SyncKind
from integrations.transport.errors import Nonsense

BULK_RUNS = frozenset({SyncKind.BACKFILL, SyncKind.RECONCILE})

logger = logging.getLogger(__name__)


def take_rows(message: InboundMessage, take: Callable[[Any], str | None]) -> Counter[str]:
    """What `take` says of each row, counted; a row that makes no sense is parked."""
    counts: Counter[str] = Counter()
    for index, row in enumerate(message.payload or []):
        counts["seen"] += 1
        try:
            taken = take(row)
        except Nonsense as nonsense:
            park_row(message, index, row, nonsense.sentence)
            counts["errors"] += 1
            continue
        except OperationalError:
            # The database is busy or away: that is no fault of the row.
            raise
        except Exception:
            logger.exception("row_not_taken_in", extra={"inbound": message.pk})
            park_row(message, index, row, "Kept could not take this in. Tell your operator.")
            counts["errors"] += 1
            continue
        if taken is not None:
            counts[taken] += 1
    return counts


def span_of(message: InboundMessage) -> ReadSpan:
    """When the content of a message was read."""
    return ReadSpan(message.read_began, message.read_ended or message.received_at)


def priority_of(message: InboundMessage) -> int:
    """What a patient or the desk waits for comes before the visits of months to come."""
    bulk = message.sync_run is not None and message.sync_run.kind in BULK_RUNS
    return BULK if bulk else PROMPT
