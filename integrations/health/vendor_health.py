"""The state of both vendors in words: when each was last read, whether it is paused or failing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.local_time import ago, lately
from campaigns.models import Practice
from campaigns.models.practice import IN_FORCE
from integrations.connections.status import ConnectionStatus, State, statuses
from integrations.models import Connection, FeedCursor
from integrations.models.feed import NEWS

# A poll that waits for its turn behind others is not late yet.
PATIENCE = timedelta(minutes=5)
GOOD, WARNING, BAD = "success", "warning", "danger"
_STATES = {GOOD: "works", WARNING: "waits", BAD: "fails"}


@dataclass(frozen=True)
class Health:
    """One vendor of one practice. `look` is good only while it was read when it should be."""

    practice: str
    vendor: str
    words: str
    look: str
    connected: bool

    @property
    def state(self) -> str:
        """The look in a word."""
        return _STATES[self.look]


def health_of(practices: Sequence[Practice], now: datetime) -> list[Health]:
    """Every practice with its vendors: three queries."""
    rows = list(
        Connection.objects.filter(practice__in=practices)
        .select_related("practice")
        .defer("secret", "webhook_secret", "webhook_secret_before")
    )
    connections = {(row.practice_id, row.vendor): row for row in rows}
    stand = statuses(rows, now)
    feeds: dict[int, list[FeedCursor]] = {}
    # The comparison and the event subscriptions say nothing about how fresh things are.
    for cursor in FeedCursor.objects.filter(practice__in=practices).filter(feed__in=NEWS):
        feeds.setdefault(cursor.connection_id, []).append(cursor)
    found = []
    for practice in practices:
        for vendor in map(practice.vendor_of, IN_FORCE):
            row = connections.get((practice.pk, vendor.value))
            words, look = (
                ("is not connected", BAD)
                if row is None
                else _judged(stand[row.pk], feeds.get(row.pk, []), practice, now)
            )
            found.append(Health(practice.name, vendor.label, words, look, row is not None))
    return found


def in_one_sentence(healths: Iterable[Health]) -> str:
    """When each vendor was last read: athenahealth 3 minutes ago, Relatient 1 minute ago."""
    return ", ".join(f"{health.vendor} {health.words}" for health in healths)


def _judged(
    stands: ConnectionStatus, feeds: list[FeedCursor], practice: Practice, now: datetime
) -> tuple[str, str]:
    if stands.state is not State.OPEN:
        return stands.words, BAD if stands.state is State.SILENT else WARNING
    failing = [feed.failing_since for feed in feeds if feed.failing_since is not None]
    if failing:
        return f"cannot be read since {lately(min(failing), practice.time_zone, now)}", BAD
    read = [feed.last_success_at for feed in feeds]
    moments = [moment for moment in read if moment is not None]
    if not moments or len(moments) < len(read):
        return "has not been read yet", WARNING
    # As fresh as its stalest feed.
    oldest = min(moments)
    if any(_is_late(feed, practice, now) for feed in feeds):
        return f"{ago(oldest, now)}, later than usual: is the background work running?", WARNING
    return ago(oldest, now), GOOD


def _is_late(feed: FeedCursor, practice: Practice, now: datetime) -> bool:
    """Whether it was not read for a whole interval longer than planned (feeds/poll_interval.py
    plans it).
    """
    assert feed.last_success_at is not None
    interval = timedelta(minutes=practice.poll_minutes)
    planned = max(feed.last_success_at + interval, feed.next_poll_at or feed.last_success_at)
    return now > planned + interval + PATIENCE
