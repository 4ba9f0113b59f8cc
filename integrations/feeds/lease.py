"""The lease on a feed: one reader at a time per API key and practice.

Two readers of a feed that is emptied by reading would each get a part of it, so the lease is
checked, and made longer, before every single call. A reader that lost it may still store the page
it holds, since those rows exist nowhere else; it sends nothing more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.db import transaction
from django.db.models import QuerySet

from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.ports import Deadline, LeaseLost
from integrations.models import Feed, FeedCursor
from integrations.transport.client import LONGEST_CALL_SECONDS

SECONDS = 120
# No call may outlast the lease under which it began (transport/client.py ends it by then).
CALL_SECONDS = LONGEST_CALL_SECONDS
# All pages of one window together; each call renews the lease.
READ_SECONDS = 3600


@dataclass(frozen=True)
class FeedLease:
    """The right to read one feed, for as long as it is kept up."""

    cursor_id: int
    token: str

    def guard(self) -> None:
        """Keep the lease up; LeaseLost when somebody else has taken it."""
        now = database_now()
        until = now + timedelta(seconds=SECONDS)
        kept = self.cursors().filter(lease_until__gt=now).update(lease_until=until)
        if not kept:
            raise LeaseLost

    def deadline(self) -> Deadline:
        """How long the pages of one read may take together."""
        return Deadline.after(READ_SECONDS)

    def cursors(self) -> QuerySet[FeedCursor]:
        """The feed's row if it is still ours, else nothing: what a write must go through."""
        return FeedCursor.objects.filter(pk=self.cursor_id, lease_token=self.token)

    def release(self) -> None:
        """Give the feed back, if it is still ours."""
        self.cursors().update(lease_token="", lease_until=None)


def seconds_until_free(practice: Practice, which: Feed) -> int:
    """How long another process may still hold the feed if it gives no sign; 0 when it is free."""
    until = (
        FeedCursor.objects.filter(practice=practice, feed=which)
        .values_list("lease_until", flat=True)
        .first()
    )
    return max(0, ceil((until - database_now()).total_seconds())) if until else 0


def take_lease(cursor: FeedCursor) -> FeedLease | None:
    """The lease, or None while another process reads.

    A lease that ran out belonged to a process that may have had a call under way: its window is
    read now, because it is dirty, and once more when that call has certainly ended.
    """
    with transaction.atomic():
        row = FeedCursor.objects.select_for_update().get(pk=cursor.pk)
        now = database_now()
        if row.lease_until is not None and row.lease_until > now:
            return None
        if row.lease_token and row.dirty and row.window_start is not None:
            assert row.lease_until is not None
            row.reread_from = min(filter(None, [row.reread_from, row.window_start]))
            row.reread_after = row.lease_until + timedelta(seconds=CALL_SECONDS)
        row.lease_token = str(uuid.uuid4())
        row.lease_until = now + timedelta(seconds=SECONDS)
        row.save(update_fields=["lease_token", "lease_until", "reread_from", "reread_after"])
        return FeedLease(row.pk, row.lease_token)
