"""How it stands with both vendors, in words: when each was last read, paused, or failing since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.clinictime import ago, lately
from campaigns.models import Practice
from integrations.models import Connection, Feed, FeedCursor
from integrations.models.connection import CONNECTED

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
    """Every practice with every vendor: two queries."""
    connections = {
        (row.practice_id, row.vendor): row
        for row in Connection.objects.filter(practice__in=practices).defer(
            "secret", "webhook_secret"
        )
    }
    feeds: dict[int, list[FeedCursor]] = {}
    # The nightly comparison reads both, and says nothing about how fresh things are.
    for cursor in FeedCursor.objects.filter(practice__in=practices).exclude(feed=Feed.RECONCILE):
        feeds.setdefault(cursor.connection_id, []).append(cursor)
    found = []
    for practice in practices:
        for vendor, name in CONNECTED:
            row = connections.get((practice.pk, vendor))
            words, look = (
                ("is not connected", BAD)
                if row is None
                else _judged(row, feeds.get(row.pk, []), practice, now)
            )
            found.append(Health(practice.name, name, words, look, row is not None))
    return found


def in_one_sentence(healths: Iterable[Health]) -> str:
    """athenahealth 3 minutes ago, Relatient 1 minute ago."""
    return ", ".join(f"{health.vendor} {health.words}" for health in healths)


def _judged(
    connection: Connection, feeds: list[FeedCursor], practice: Practice, now: datetime
) -> tuple[str, str]:
    if connection.paused_at is not None:
        since = lately(connection.paused_at, practice.time_zone, now)
        return f"is paused by {connection.paused_by} since {since}", WARNING
    failing = [feed.failing_since for feed in feeds if feed.failing_since is not None]
    if failing:
        return f"cannot be read since {lately(min(failing), practice.time_zone, now)}", BAD
    read = [feed.last_success_at for feed in feeds]
    moments = [moment for moment in read if moment is not None]
    if not moments or len(moments) < len(read):
        return "has not been read yet", WARNING
    # As fresh as its stalest feed.
    oldest = min(moments)
    usual = 2 * timedelta(minutes=practice.poll_minutes) + PATIENCE
    if now - oldest > usual:
        return f"{ago(oldest, now)}, later than usual: is the background work running?", WARNING
    return ago(oldest, now), GOOD
