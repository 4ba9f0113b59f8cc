"""What a vendor says of its own subscription: that it is in error, or was switched off.

Every notification carries the status of its subscription, a handshake or a heartbeat too, which
holds nothing else. Nothing is lost by such a fault, since Kept polls; but a person is told at once,
and the subscription is looked at in the next round instead of the next hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.context import acting_as
from audit.recorder import record
from campaigns.outbox.alerts import alert
from integrations.models import LIVE, Connection, EventSubscription, Feed, FeedCursor, Wish
from integrations.transport.errors import spoken
from integrations.transport.notification import ReportedFault, fingerprint
from integrations.vendors import chart_of

REPORTED = "{vendor} said that this subscription is {status}. Kept looks at it at once."
_IN_WORDS = {"error": "in error", "off": "switched off"}


def take_faults(connection: Connection, faults: Sequence[ReportedFault], at: datetime) -> int:
    """Store what the vendor says of our subscriptions; how many faults a person is to know of.

    A subscription that another has replaced may end as it likes: that is no fault.
    """
    if not faults:
        return 0
    told = 0
    # Nobody is signed in at the door.
    with acting_as(process="webhook"), transaction.atomic():
        rows = list(
            EventSubscription.objects.select_for_update(of=("self",))
            .filter(practice=connection.practice)
            .order_by("pk")
        )
        for fault in faults:
            row = _named(rows, fault)
            if row is None and _is_replaced(rows, fault):
                continue
            _store(connection, row, fault, at)
            told += 1
        _look_at_once(connection, at, poll=bool(told))
    return told


def _named(rows: list[EventSubscription], fault: ReportedFault) -> EventSubscription | None:
    named = (row for row in rows if fault.subscription and row.external_id == fault.subscription)
    return next(named, None)


def _is_replaced(rows: list[EventSubscription], fault: ReportedFault) -> bool:
    """Whether the topic has another subscription that works."""
    return bool(fault.subscription) and any(
        row.topic == fault.topic and row.status in LIVE for row in rows
    )


def _store(
    connection: Connection, row: EventSubscription | None, fault: ReportedFault, at: datetime
) -> None:
    practice, status = connection.practice, _IN_WORDS[fault.status]
    vendor, events = spoken(connection.vendor), chart_of(practice).events
    told = events.topics.get(fault.topic) if events is not None else None
    if row is not None and row.status not in list(Wish):
        row.status, row.problem = fault.status, REPORTED.format(vendor=vendor, status=status)
        EventSubscription.objects.filter(pk=row.pk).update(status=row.status, problem=row.problem)
    which = f"tells when {told}" if told else "tells of changes"
    # One that is in error for days says so in each heartbeat: a mail a day is enough.
    incident = fingerprint([fault.subscription, fault.topic, fault.status])[-16:]
    mail = alert(
        practice,
        f"subscription-{fault.status}-{incident}-{at:%Y%m%d}",
        f"An event subscription of {practice.name} does not work",
        f"{vendor} says that its event subscription that {which} is {status}.\n\n"
        "Nothing is lost: Kept polls as often as without events until the subscription works "
        "again, looks at it now, and asks for a new one where it has to. See whether "
        f"{vendor} can reach Kept (its address, its certificate, the webhook secret), and look at "
        "the console's page Event subscriptions. The runbook has the case.",
    )
    if mail.created_at >= at:
        record(
            f"subscription.reported_{fault.status}",
            practice=practice.external_id,
            subject=("subscription", row.pk) if row is not None else None,
            detail={"topic": fault.topic if told else ""},
        )


def _look_at_once(connection: Connection, at: datetime, *, poll: bool) -> None:
    """Have the next round look at the subscriptions, and what they did not tell of be polled."""
    cursors = FeedCursor.objects.filter(practice=connection.practice)
    cursors.filter(feed=Feed.SUBSCRIPTIONS).update(next_poll_at=at)
    if poll:
        feeds = cursors.filter(
            feed__in=chart_of(connection.practice).feeds, failing_since=None, next_poll_at__gt=at
        )
        feeds.update(next_poll_at=at)
