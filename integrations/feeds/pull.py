"""One pull of a feed: whose turn it is, where it stands, and what a failure means.

How a feed is read is its vendor's affair (integrations/vendors.py: pull). What all have in common
is here: one process reads at a time, a connection that is paused or does not answer is left alone,
and a failure is stored and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import GatewayError, LeaseLost
from integrations.connections import registry
from integrations.drift.store import recording_drift
from integrations.feeds import failures
from integrations.feeds.lease import FeedLease, take_lease
from integrations.models import Connection, Feed, FeedCursor

Read = Callable[[Connection, FeedCursor, FeedLease], Counter[str]]


def pull(practice: Practice, system: System, which: Feed, read: Read) -> Counter[str] | None:
    """Read one feed under its lease; None when another process has it in hand.

    Raises GatewayError when the read failed; what was stored until then stays.
    """
    connection = registry.find(practice.external_id, system)
    cursor = cursor_of(connection, which)
    _must_be_open(connection, cursor)
    lease = take_lease(cursor)
    if lease is None:
        return None
    try:
        cursor.refresh_from_db()
        with recording_drift(practice.external_id):
            return read(connection, cursor, lease)
    except LeaseLost:
        return None
    except GatewayError as error:
        failures.failed(cursor, error)
        raise
    finally:
        lease.release()


def cursor_of(connection: Connection, which: Feed) -> FeedCursor:
    """The row that says how far a feed of a practice was read."""
    cursor, _ = FeedCursor.objects.get_or_create(
        practice=connection.practice, feed=which, defaults={"connection": connection}
    )
    return cursor


def succeeded(cursor: FeedCursor, lease: FeedLease, minutes: float, now: datetime) -> None:
    """Store that a feed was read to its end, unless somebody else has it by now."""
    failures.recovered(cursor)
    lease.cursors().update(
        dirty=False, last_success_at=now, next_poll_at=now + timedelta(minutes=minutes)
    )


def _must_be_open(connection: Connection, cursor: FeedCursor) -> None:
    """Raise when nothing may be sent. A vendor that does not answer fails this feed, too: when
    that has lasted too long the administrators hear of it."""
    try:
        registry.must_be_open(connection)
    except GatewayError as error:
        if not connection.is_paused:
            failures.failed(cursor, error)
        raise


def plan_first_pull(connection: Connection, which: Feed) -> None:
    """Have a feed read that was never read."""
    cursor = cursor_of(connection, which)
    if cursor.next_poll_at is None:
        cursor.next_poll_at = database_now()
        cursor.save(update_fields=["next_poll_at"])
