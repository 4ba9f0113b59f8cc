"""How often to poll: less often while events flow, as often as configured when they do not.

Events make Kept faster; polling is what it can rely on. So the poll is slowed down, never stopped,
and only while every subscription is live and nothing says that an event was missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.clock import database_now
from campaigns.models import Practice
from integrations.models import (
    ACTIVE,
    Connection,
    EventSubscription,
    Feed,
    InboundKind,
    InboundMessage,
    InboundStatus,
)
from integrations.vendors import chart_of

SLOWER, MOST_MINUTES = 4, 60.0
# What patients answer: without webhooks they are fetched every minute.
ANSWER_MINUTES, ANSWER_MINUTES_WITH_WEBHOOKS = 1.0, 15.0
# A clinic is seldom quiet for a day; one that is costs some more calls.
HEARD_WITHIN = timedelta(days=1)
PARKED_WITHIN = timedelta(hours=1)


def chart_minutes(
    practice: Practice, now: datetime | None = None, which: Feed = Feed.APPOINTMENTS
) -> float:
    """Minutes between two polls of one of the chart's change feeds."""
    usual, told = practice.poll_minutes, chart_of(practice).events
    if told is None or not events_flow(practice, now or database_now(), told.needed[which]):
        return usual
    return max(usual, min(SLOWER * usual, MOST_MINUTES))


def answer_minutes(connection: Connection, now: datetime | None = None) -> float:
    """Minutes between two collections of what patients answered."""
    now = now or database_now()
    # Read afresh: the webhooks arrive in another process.
    heard = Connection.objects.filter(
        pk=connection.pk, webhook_heard_at__gt=now - HEARD_WITHIN
    ).exists()
    if heard and not _something_parked(connection.practice, connection.vendor, now):
        return ANSWER_MINUTES_WITH_WEBHOOKS
    return min(ANSWER_MINUTES, connection.practice.poll_minutes)


def events_flow(practice: Practice, now: datetime, needed: frozenset[str]) -> bool:
    """Whether the chart's vendor tells of every such change by itself, as far as Kept can know."""
    rows = list(EventSubscription.objects.filter(practice=practice))
    if needed - {row.topic for row in rows}:
        return False
    if not all(_is_live(row, now) for row in rows):
        return False
    heard = Connection.objects.filter(
        practice=practice,
        vendor=practice.chart_vendor,
        webhook_heard_at__gt=now - HEARD_WITHIN,
    )
    return heard.exists() and not _something_parked(practice, practice.chart_vendor, now)


def _is_live(row: EventSubscription, now: datetime) -> bool:
    ended = row.ends_at is not None and row.ends_at <= now
    return row.status == ACTIVE and not ended and row.silent_since is None


def _something_parked(practice: Practice, vendor: str, now: datetime) -> bool:
    """Whether a notification was parked: one that could not be understood may have told of
    anything.
    """
    return InboundMessage.objects.filter(
        practice=practice,
        vendor=vendor,
        kind__in=(InboundKind.NOTIFICATION, InboundKind.EVENT),
        status=InboundStatus.PARKED,
        received_at__gt=now - PARKED_WITHIN,
    ).exists()
