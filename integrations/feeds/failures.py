"""A feed that cannot be read: tried again soon, told to the administrators once, and once over.

Every `retry_minutes` for up to `alert_after_hours`, then one mail; after it at the usual pace.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from campaigns.clock import database_now
from campaigns.outbox.alerts import alert
from campaigns.ports import GatewayError
from integrations.models import Feed, FeedCursor
from integrations.transport.errors import spoken


def failed(cursor: FeedCursor, error: GatewayError) -> None:
    """Store a failure, plan the next try, and mail when it has lasted too long."""
    practice, now = cursor.practice, database_now()
    if cursor.failing_since is None:
        cursor.failing_since, cursor.incident = now, str(uuid.uuid4())
        cursor.alerted = False
    lasted = now - cursor.failing_since
    overdue = lasted >= timedelta(hours=practice.alert_after_hours)
    if overdue and not cursor.alerted:
        alert(
            practice,
            f"{cursor.incident}-failing",
            f"Kept cannot {_task(cursor)} for {practice.name}",
            f"Since {cursor.failing_since:%Y-%m-%d %H:%M} UTC Kept has not been able to "
            f"{_task(cursor)}.\n\n{error.sentence}\n\n"
            "Nothing is lost: Kept keeps trying and catches up by itself. "
            "The console's page Connections shows the state.",
        )
        cursor.alerted = True
    minutes = practice.poll_minutes if overdue else practice.retry_minutes
    cursor.next_poll_at = now + timedelta(minutes=minutes)
    if error.retry_after is not None:
        asked = now + timedelta(seconds=error.retry_after)
        cursor.next_poll_at = max(cursor.next_poll_at, asked)
    cursor.save(update_fields=["failing_since", "incident", "alerted", "next_poll_at"])


def recovered(cursor: FeedCursor) -> None:
    """The feed can be read again: mail it if the failure was mailed."""
    if cursor.failing_since is None:
        return
    if cursor.alerted:
        alert(
            cursor.practice,
            f"{cursor.incident}-recovered",
            f"Kept can {_task(cursor)} for {cursor.practice.name} again",
            "The connection works again and Kept has caught up. Nothing to do.",
        )
    cursor.failing_since, cursor.incident, cursor.alerted = None, "", False
    cursor.save(update_fields=["failing_since", "incident", "alerted"])


def _task(cursor: FeedCursor) -> str:
    if cursor.feed == Feed.RECONCILE:
        return "compare its records with both vendors"
    if cursor.feed == Feed.SUBSCRIPTIONS:
        return f"keep its event subscriptions at {spoken(cursor.connection.vendor)}"
    return f"read {cursor.get_feed_display()}"
