"""One pull from athenahealth's change feeds.

The feed is emptied by reading it, so the order is what keeps rows from being lost:

1. the start of the window is stored                      (committed)
2. a page is read, and stored raw                         (committed)
3. again until the feed is empty; then the window is closed
4. the stored pages are taken in

After an unclean end the window is still open, and it is read once more before anything new.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.clock import database_now
from campaigns.domain.values import AppointmentStatus, System
from campaigns.models import Appointment, Patient, Practice
from campaigns.ports import TryLater
from integrations.athenahealth import feed
from integrations.athenahealth.client import AthenaClient, client_for
from integrations.athenahealth.gateway import departments_of
from integrations.athenahealth.paging import Page
from integrations.feeds import poll_interval
from integrations.feeds import pull as feeds
from integrations.feeds.lease import FeedLease
from integrations.feeds.reread_window import CLOCK_MARGIN, GAP_DAYS_AHEAD, mark_if_long_unread
from integrations.inbox.store import store_page
from integrations.models import Connection, Feed, FeedCursor, InboundKind, SyncRun

KINDS = {
    Feed.APPOINTMENTS: InboundKind.APPOINTMENTS_PAGE,
    Feed.PATIENTS: InboundKind.PATIENTS_PAGE,
}


def pull(practice: Practice, which: Feed, run: SyncRun | None) -> Counter[str] | None:
    """Read one feed until it is empty; None when another process has it in hand.

    Raises GatewayError when the read failed; what was stored until then stays.
    """

    def read(connection: Connection, cursor: FeedCursor, lease: FeedLease) -> Counter[str]:
        _read(connection, cursor, which, lease, run)
        return Counter()

    return feeds.pull(practice, System.CHART, which, read)


def _read(
    connection: Connection,
    cursor: FeedCursor,
    which: Feed,
    lease: FeedLease,
    run: SyncRun | None,
) -> None:
    mark_if_long_unread(cursor, database_now())
    pages = _Pages(connection, cursor, which, lease, run)
    try:
        pages.reread_what_was_torn()
        pages.drain()
    except feed.NotSubscribed:
        pages.subscribe()
    pages.fill_gap()
    now = database_now()
    minutes = poll_interval.chart_minutes(connection.practice, now, which)
    feeds.succeeded(cursor, lease, minutes, now)


@dataclass
class _Pages:
    """The reads of one pull; each page is stored before the next is asked for."""

    connection: Connection
    cursor: FeedCursor
    which: Feed
    lease: FeedLease
    run: SyncRun | None

    def client(self) -> AthenaClient:
        """A client whose calls keep the lease up; each read has a deadline of its own."""
        return client_for(self.connection, deadline=self.lease.deadline(), guard=self.lease.guard)

    def store(self, page: Page) -> None:
        """Store a page, even after the lease was lost: its rows exist nowhere else."""
        store_page(
            self.connection,
            KINDS[self.which],
            page.rows,
            began=page.began,
            ended=page.ended,
            run=self.run,
        )

    def reread_what_was_torn(self) -> None:
        """Read the windows that ended uncleanly once more."""
        cursor, now = self.cursor, database_now()
        since, ripe = cursor.reread_from, cursor.reread_after
        if since is not None and ripe is not None and now >= ripe:
            self._window(since, ripe)
            self.lease.cursors().update(reread_from=None, reread_after=None)
        if cursor.dirty and cursor.window_start is not None:
            self._window(cursor.window_start, now)

    def _window(self, start: datetime, end: datetime) -> None:
        first, last = start - CLOCK_MARGIN, end + CLOCK_MARGIN
        for page in feed.read_window(self.client(), self.which, first, last):
            self.store(page)

    def drain(self) -> None:
        """Empty the feed. The window's start is committed before the first read."""
        open_window(self.cursor)
        while True:
            try:
                page = feed.read_page(self.client(), self.which)
            except TryLater:
                # This page was certainly not read, and those before it are stored.
                self.lease.cursors().update(dirty=False)
                raise
            self.store(page)
            if not page.is_full:
                return

    def subscribe(self) -> None:
        """The 403 that says "not subscribed": subscribe, and remember since when rows are missing.

        It takes the vendor up to fifteen minutes to act (contract, section 4.5), so the gap is
        read again at each poll until the subscription is active.
        """
        cursor = self.cursor
        if cursor.backfill_from is None:
            # A window that ended uncleanly before it could be read again is part of the gap.
            known = cursor.last_success_at or cursor.window_start
            cursor.backfill_from = known or database_now()
            cursor.save(update_fields=["backfill_from"])
            _read_patients_again(self.connection.practice, self.which)
        if feed.subscription_status(self.client(), self.which) != "ACTIVE":
            feed.subscribe(self.client(), self.which)

    def fill_gap(self) -> None:
        """Read what changed while there was no subscription, until nothing can be missing
        any more.
        """
        since = self.cursor.backfill_from
        if since is None:
            return
        # Asked before the read: what changed before "active" is in it, what came after is fed.
        active = feed.subscription_status(self.client(), self.which) == "ACTIVE"
        if self.which == Feed.APPOINTMENTS:
            self._booked_since(since)
        if active:
            _read_patients_again(self.connection.practice, self.which)
            self.cursor.backfill_from = None
            self.cursor.save(update_fields=["backfill_from"])

    def _booked_since(self, since: datetime) -> None:
        today = database_now().date()
        for page in self.client().booked(
            today - timedelta(days=1),
            today + timedelta(days=GAP_DAYS_AHEAD),
            departments_of(self.connection),
            modified_since=since - CLOCK_MARGIN,
        ):
            self.store(page)


def open_window(cursor: FeedCursor) -> None:
    """Store from when on rows would be lost if this process died."""
    with transaction.atomic():
        cursor.window_start, cursor.dirty = database_now(), True
        cursor.save(update_fields=["window_start", "dirty"])


def _read_patients_again(practice: Practice, which: Feed) -> None:
    """Changes of patients cannot be listed, so all with a visit ahead are read once more.

    Once when the gap is found and once when it is closed: each is a call for every patient.
    """
    if which != Feed.PATIENTS:
        return
    now = database_now()
    ahead = Appointment.objects.filter(
        practice=practice, status=AppointmentStatus.SCHEDULED, starts_at__gte=now
    )
    patients = Patient.objects.filter(practice=practice, read_ended__isnull=False)
    patients.filter(pk__in=ahead.values("patient")).update(reread_wanted=True)
    ahead.update(look_due_at=now)
