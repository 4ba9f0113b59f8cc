"""Subscriptions that tell nothing although something happened: the poll is the witness.

A change of which an event told is known before the next poll reads it, so what a poll finds new or
changed was not told of, at least not in time. A single such row means nothing: the poll may have
been quicker, and some changes belong to no topic. A subscription is silent when it has told nothing
since before at least three such rows in at least two polls, the last of them half an hour ago.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.outbox.alerts import alert
from integrations.models import (
    ACTIVE,
    EventSubscription,
    FeedCursor,
    InboundKind,
    InboundMessage,
    SyncKind,
)
from integrations.transport.errors import spoken
from integrations.vendors import TopicGroup, chart_of

# An event is on its way for seconds; one that failed at first is retried within this.
GRACE = timedelta(minutes=30)
WITHIN = timedelta(days=1)
ENOUGH_ROWS, ENOUGH_POLLS = 3, 2


def check_silence(practice: Practice) -> None:
    """Find subscriptions that have become silent, and those that tell again."""
    rows = list(EventSubscription.objects.filter(practice=practice, status=ACTIVE))
    told = chart_of(practice).events
    for group in told.watched if told is not None else ():
        watched = [row for row in rows if row.topic in group.topics]
        if watched:
            telling = [row for row in rows if row.topic in group.topics | group.others]
            _judge(practice, group, watched, max(_heard(row) for row in telling))


def _heard(row: EventSubscription) -> datetime:
    """When the subscription last told of something, or could not have yet."""
    return max(row.created_at, row.last_event_at or row.created_at)


def _judge(
    practice: Practice, group: TopicGroup, watched: list[EventSubscription], heard: datetime
) -> None:
    silent = [row for row in watched if row.silent_since is not None]
    if silent:
        if heard > min(row.silent_since for row in silent if row.silent_since is not None):
            _heard_again(practice, silent)
        return
    if _untold(practice, group, heard):
        _fall_silent(practice, watched, heard)


def _untold(practice: Practice, group: TopicGroup, heard: datetime) -> bool:
    now = database_now()
    pages = InboundMessage.objects.filter(
        practice=practice,
        kind=InboundKind.APPOINTMENTS_PAGE,
        sync_run__kind=SyncKind.POLL,
        # The row is indexed by when it was received, which is right after it was read.
        received_at__gt=max(heard, now - WITHIN),
        read_began__gt=max(heard + GRACE, now - WITHIN),
        read_began__lte=now - GRACE,
    ).values_list("sync_run", "counts")
    rows: Counter[int] = Counter()
    for run, counts in pages:
        rows[run] += counts.get(group.counted, 0)
    polls = [number for number in rows.values() if number]
    return len(polls) >= ENOUGH_POLLS and sum(polls) >= ENOUGH_ROWS


def _fall_silent(practice: Practice, watched: list[EventSubscription], heard: datetime) -> None:
    """Mark and mail it once, and from now on poll as often as without events."""
    now, vendor = database_now(), spoken(practice.chart_vendor)
    with transaction.atomic():
        for row in watched:
            EventSubscription.objects.filter(pk=row.pk).update(silent_since=now)
            audit_row("subscription.silent", row, topic=row.topic)
        feeds = FeedCursor.objects.filter(practice=practice, feed__in=chart_of(practice).feeds)
        feeds.filter(failing_since=None, next_poll_at__gt=now).update(next_poll_at=now)
        alert(
            practice,
            _incident(watched[0], now),
            f"{vendor}'s events have stopped for {practice.name}",
            f"Since {heard:%Y-%m-%d %H:%M} UTC {vendor} has sent no event about changes that "
            "Kept then found by polling.\n\nNothing is lost: Kept polls as often as without events "
            f"again. See whether {vendor} can reach Kept (its address, its certificate, the "
            "webhook secret), look at the console's page Event subscriptions, and renew them "
            "there. The runbook has the case.",
        )


def _heard_again(practice: Practice, silent: list[EventSubscription]) -> None:
    with transaction.atomic():
        for row in silent:
            EventSubscription.objects.filter(pk=row.pk).update(silent_since=None)
            audit_row("subscription.heard_again", row, topic=row.topic)
        since = silent[0].silent_since
        assert since is not None
        alert(
            practice,
            f"{_incident(silent[0], since)}-over",
            f"{spoken(practice.chart_vendor)}'s events have come again for {practice.name}",
            "Kept hears of changes by events again. Nothing to do.",
        )


def _incident(row: EventSubscription, since: datetime) -> str:
    return f"silent-{row.pk}-{since:%Y%m%d%H%M%S%f}"
