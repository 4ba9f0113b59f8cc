"""The event subscriptions of a practice: requested, renewed, deleted, and watched over.

A request is a row, or a word in a row's status. Storing one only marks the round as due, so a
button answers at once and nothing is lost while the vendor is away; the round (maintain.py)
carries the requests out. Polling stays the base; while events flow it becomes slower
(feeds/poll_interval.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.outbox.alerts import alert
from campaigns.ports import Deadline, GatewayError, LeaseLost, Refused, TryLater
from integrations.connections import registry
from integrations.feeds import failures
from integrations.feeds.lease import FeedLease, take_lease
from integrations.feeds.pull import cursor_of
from integrations.models import (
    REQUESTED,
    Connection,
    EventSubscription,
    Feed,
    FeedCursor,
    Wish,
    placeholder,
)
from integrations.subscriptions import silence_detection
from integrations.subscriptions.endpoint_url import endpoint_of
from integrations.subscriptions.maintain import Round
from integrations.transport.errors import spoken
from integrations.vendors import EventTopics, chart_of

EVERY = timedelta(hours=1)
AFTER_A_DEFECT = timedelta(minutes=10)
# A renewal that has failed from the seventh day before the end until here needs a person.
WARN_BEFORE = timedelta(days=2)
# How long a round within a tick may take; the next one does the rest.
SECONDS = 20.0
BUSY = "busy"
NO_EVENTS = "no_events"

logger = logging.getLogger(__name__)


def subscriptions_of(practice: Practice) -> QuerySet[EventSubscription]:
    """The subscriptions of a practice."""
    return EventSubscription.objects.filter(practice=practice)


def topics_of(practice: Practice) -> EventTopics:
    """What the vendor of a practice's chart tells of by events; Refused when it sends none."""
    told = chart_of(practice).events
    if told is None:
        vendor = spoken(practice.chart_vendor)
        raise Refused(f"{vendor} sends no events: Kept polls.", code=NO_EVENTS)
    return told


def request_subscriptions(connection: Connection, topics: Iterable[str] | None = None) -> int:
    """Request a subscription per topic, by default all; how many are new. Those that exist stay.

    Refused, with what to set, when the vendor could not reach Kept or its events not be trusted.
    """
    endpoint, now, new = endpoint_of(connection), database_now(), 0
    with transaction.atomic():
        here = subscriptions_of(connection.practice)
        for topic in topics or topics_of(connection.practice).topics:
            if here.filter(topic=topic).exclude(status=Wish.DELETE).exists():
                continue
            # One whose deletion was requested stays instead, and the next round looks at it.
            if kept := here.filter(topic=topic).select_related("practice").first():
                here.filter(topic=topic).update(status=Wish.RENEW)
                audit_row("subscription.wanted", kept, topic=topic)
                new += 1
                continue
            row, created = EventSubscription.objects.get_or_create(
                practice=connection.practice,
                external_id=placeholder(topic),
                defaults={
                    "connection": connection,
                    "topic": topic,
                    "endpoint": endpoint,
                    "status": Wish.WANTED,
                    "created_at": now,
                    "checked_at": now,
                },
            )
            if created:
                new += 1
                audit_row("subscription.wanted", row, topic=topic)
        _mark_due(connection)
    return new


def request_change(rows: QuerySet[EventSubscription], what: Wish) -> int:
    """Request that these are renewed or deleted; for how many that is new."""
    changed = 0
    with transaction.atomic():
        for row in rows.exclude(status=what).select_related("practice", "connection"):
            if what == Wish.RENEW and row.status == Wish.WANTED:
                # A subscription that is about to be made needs no renewal.
                continue
            if EventSubscription.objects.filter(pk=row.pk).update(status=what):
                changed += 1
                wanted = "renewal_wanted" if what == Wish.RENEW else "deletion_wanted"
                audit_row(f"subscription.{wanted}", row, topic=row.topic)
                _mark_due(row.connection)
    return changed


def look(practice: Practice, seconds: float = SECONDS) -> None:
    """Bring the rows in line with what the vendor holds, and change nothing there.

    Raises GatewayError.
    """
    _with_lease(practice, seconds, only_look=True)


def apply_requests(practice: Practice, seconds: float = SECONDS) -> None:
    """Look, and carry out at the vendor what the rows request. Raises GatewayError."""
    _with_lease(practice, seconds, only_look=False)


def _with_lease(practice: Practice, seconds: float, *, only_look: bool) -> None:
    connection = registry.find_open(practice.external_id, System.CHART)
    cursor = cursor_of(connection, Feed.SUBSCRIPTIONS)
    lease = take_lease(cursor)
    if lease is None:
        raise TryLater(
            "Another process of Kept is busy with the event subscriptions. Try again in a minute.",
            code=BUSY,
        )
    try:
        cursor.refresh_from_db()
        _round(connection, cursor, lease, Deadline.after(seconds), only_look)
    except LeaseLost:
        raise TryLater(
            "Another process of Kept took over the event subscriptions.", code=BUSY
        ) from None
    except GatewayError as error:
        # A mere look reports no failure; without rows nothing would report that it is over.
        if not only_look and subscriptions_of(practice).exists():
            failures.failed(cursor, error)
        raise
    finally:
        lease.release()


def _round(
    connection: Connection,
    cursor: FeedCursor,
    lease: FeedLease,
    deadline: Deadline,
    only_look: bool,
) -> None:
    began = database_now()
    client = topics_of(connection.practice).client(connection, deadline, lease.guard)
    work = Round(connection, client)
    work.look()
    if only_look:
        return
    work.apply()
    failures.recovered(cursor)
    lease.cursors().update(last_success_at=database_now())
    # Unless a request has come meanwhile, which has marked the round as due.
    untouched = lease.cursors().filter(next_poll_at=cursor.next_poll_at)
    # A subscription that is not active yet is looked at again soon.
    requested = subscriptions_of(connection.practice).filter(status=REQUESTED).exists()
    soon = timedelta(minutes=connection.practice.retry_minutes)
    untouched.update(next_poll_at=began + (min(soon, EVERY) if requested else EVERY))


def run_due(practice: Practice) -> None:
    """What the timer does: detect silence, carry out requests, look hourly, renew in time.

    Nothing that goes wrong here stops the rest of a tick.
    """
    if not subscriptions_of(practice).exists():
        return
    try:
        silence_detection.check_silence(practice)
        _warn_of_ends(practice)
        if System.CHART in registry.paused(practice.external_id):
            return
        _apply_if_due(practice)
    except Exception:
        # A defect here must not be met again at every tick.
        logger.exception("subscriptions_failed", extra={"practice": practice.external_id})
        later = database_now() + AFTER_A_DEFECT
        _cursors(practice).update(next_poll_at=later)


def _apply_if_due(practice: Practice) -> None:
    cursor = _cursors(practice).first()
    now = database_now()
    if cursor is not None and cursor.next_poll_at is not None and cursor.next_poll_at > now:
        return
    try:
        apply_requests(practice)
    except GatewayError as error:
        # The failure is stored, and mailed to the administrators when it lasts.
        logger.warning(
            "subscriptions_put_off",
            extra={"practice": practice.external_id, "code": error.code},
        )


def _warn_of_ends(practice: Practice) -> None:
    """One mail for each subscription that ends although it should have been renewed."""
    soon = subscriptions_of(practice).filter(ends_at__lte=database_now() + WARN_BEFORE)
    for row in soon.exclude(status=Wish.DELETE):
        assert row.ends_at is not None
        alert(
            practice,
            f"subscription-{row.pk}-ends-{row.ends_at:%Y%m%d%H%M}",
            f"An event subscription of {practice.name} could not be renewed",
            f"{spoken(practice.chart_vendor)} tells Kept when "
            f"{topics_of(practice).in_words(row.topic)} until "
            f"{row.ends_at:%Y-%m-%d %H:%M} UTC, and Kept has not been able to renew it.\n\n"
            f"{row.problem or 'The console page Event subscriptions shows the state.'}\n\n"
            "Nothing is lost: Kept goes on polling, and renews it as soon as it can.",
        )


def _mark_due(connection: Connection) -> None:
    cursor_of(connection, Feed.SUBSCRIPTIONS)
    _cursors(connection.practice).update(next_poll_at=database_now())
    doorbell.ring()


def _cursors(practice: Practice) -> QuerySet[FeedCursor]:
    return FeedCursor.objects.filter(practice=practice, feed=Feed.SUBSCRIPTIONS)
