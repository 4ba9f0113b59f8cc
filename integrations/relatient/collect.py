"""One pull of Relatient's events: answers, consents, what became of messages.

The events and the cursor behind them are stored in one transaction, so an event is never skipped;
one that is seen again is known by its id.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.enrollments.rereads import request_read_of_all
from campaigns.models import Practice
from integrations.feeds import poll_interval
from integrations.feeds import pull as feeds
from integrations.feeds.lease import FeedLease
from integrations.inbox.store import store_events
from integrations.models import Connection, Feed, FeedCursor, SyncRun
from integrations.relatient import feed
from integrations.relatient.gateway import client_for


def pull(practice: Practice, which: Feed, run: SyncRun | None) -> Counter[str] | None:
    """Pull all waiting events; None when another process has the feed in hand.

    Raises GatewayError when a read failed; what was stored until then stays.
    """

    def read(connection: Connection, cursor: FeedCursor, lease: FeedLease) -> Counter[str]:
        counts: Counter[str] = Counter()
        while _page(connection, cursor, lease, run, counts):
            pass
        now = database_now()
        feeds.succeeded(cursor, lease, poll_interval.answer_minutes(connection, now), now)
        return counts

    return feeds.pull(practice, System.ENGAGEMENT, which, read)


def _page(
    connection: Connection,
    cursor: FeedCursor,
    lease: FeedLease,
    run: SyncRun | None,
    counts: Counter[str],
) -> bool:
    client = client_for(connection, deadline=lease.deadline(), guard=lease.guard)
    began = database_now()
    try:
        events, following, more = feed.read_events(client, cursor.cursor)
    except feed.CursorExpired:
        # Events were dropped at the vendor: begin with the oldest it still holds, and read what
        # became of the enrollments that they may have been about.
        counts["expired"] += 1
        with transaction.atomic():
            counts["doubted"] += request_read_of_all(connection.practice)
            cursor.cursor = ""
            cursor.save(update_fields=["cursor"])
        return True
    ended = database_now()
    with transaction.atomic():
        new, known = store_events(connection, events, began=began, ended=ended, run=run)
        cursor.cursor = following
        cursor.save(update_fields=["cursor"])
    counts.update(seen=len(events), new=new, duplicate=known)
    return more and bool(events)
