"""Kept's own tables, read by the run: whether it rests, and what staff see.

Nothing here decides what should be. Reading the work list and the outcome of an answer is
reading what staff see.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.models import Appointment, Effect, Response
from integrations.models import Connection, Feed, FeedCursor, InboundMessage
from tests.chaos.run.town import Town

Row = dict[str, Any]
ON_THE_WAY = ["queued", "claimed", "unknown"]


def unrest(town: Town) -> list[str]:
    """Everything that is still to be done, in words; empty when the loop is idle."""
    now = database_now()
    found: Row = {
        "messages to take in": InboundMessage.objects.filter(status="stored").count(),
        "looks due": Appointment.objects.filter(look_due_at__lte=now).count(),
        "effects on their way": Effect.objects.filter(status__in=ON_THE_WAY).count(),
        "connections paused": Connection.objects.filter(paused_at__isnull=False).count(),
        "circuits open": Connection.objects.filter(opened_at__isnull=False).count(),
        "webhooks to deliver": _undelivered(town),
        "answers without an outcome": Response.objects.filter(outcome="pending").count(),
        "windows torn": _polled().filter(_torn(now)).count(),
        "gaps to fill": FeedCursor.objects.filter(backfill_from__isnull=False).count(),
        "rows of feeds": _waiting_rows(town),
        "events": int(_events_behind(town)),
    }
    return [f"{count} {what}" for what, count in found.items() if count]


def _polled() -> QuerySet[FeedCursor]:
    """The feeds that carry changes."""
    return FeedCursor.objects.filter(feed__in=[Feed.APPOINTMENTS, Feed.PATIENTS, Feed.EVENTS])


def _torn(now: datetime) -> Q:
    """Left unclean by a reader that is gone; one that reads at this moment is no unrest."""
    nobody_reads = Q(lease_token="") | Q(lease_until__lte=now)
    return Q(dirty=True) & nobody_reads | Q(reread_from__isnull=False)


def backlog() -> int:
    """How much waits to be done now."""
    now = database_now()
    return (
        InboundMessage.objects.filter(status="stored").count()
        + Appointment.objects.filter(look_due_at__lte=now).count()
        + Effect.objects.filter(status__in=ON_THE_WAY, next_attempt_at__lte=now).count()
    )


def _waiting_rows(town: Town) -> int:
    """Of subjects that still exist: a merged patient's own row is never handed out."""
    with town.simulation.lock:
        there = {*town.chart.appointments, *town.chart.patients}
        feeds = town.simulation.athena.feeds.feeds.values()
        return sum(entry.subject in there for feed in feeds for entry in feed.waiting)


def _undelivered(town: Town) -> int:
    with town.simulation.lock:
        post = town.simulation.postbox
        return len(post.heap) + len(post.sending) + len(post.pending)


def _events_behind(town: Town) -> bool:
    """Whether the newest event was read later than it happened."""
    with town.simulation.lock:
        newest = town.store.events[-1]["stored_at"] if town.store.events else None
    cursor = FeedCursor.objects.get(feed=Feed.EVENTS)
    read = cursor.last_success_at
    return newest is not None and (read is None or read < newest + timedelta(seconds=0.1))


def poll_now() -> None:
    """The next poll of each feed is due."""
    _polled().update(next_poll_at=database_now())


def last_polls() -> list[Any]:
    """When each feed was last read to its end."""
    return list(_polled().order_by("pk").values_list("last_success_at", flat=True))


def in_trouble() -> list[str]:
    """What waits for a person at the effects."""
    rows = Effect.objects.filter(status__in=["parked", "rejected"])
    return [
        f"{e.kind} {e.status} {e.code} of {e.appointment and e.appointment.external_id}"
        for e in rows.select_related("appointment")
    ]
