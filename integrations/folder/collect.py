"""One pull of a folder: what a killed process left is finished, events are taken, old files go."""

from __future__ import annotations

from collections import Counter

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Practice
from integrations.feeds import poll_interval
from integrations.feeds import pull as feeds
from integrations.feeds.lease import FeedLease
from integrations.folder.feed import take_files
from integrations.folder.gateway import mapping_errors, open_book
from integrations.folder.purge import purge_if_due
from integrations.models import Connection, Feed, FeedCursor, SyncRun


def pull(practice: Practice, which: Feed, run: SyncRun | None) -> Counter[str] | None:
    """Take all files of events; None when another process has the folder's feed in hand.

    Raises GatewayError when the folder cannot be used; what was stored until then stays.
    """

    def read(connection: Connection, cursor: FeedCursor, lease: FeedLease) -> Counter[str]:
        with mapping_errors(connection):
            book = open_book(connection, deadline=lease.deadline(), guard=lease.guard)
            book.finish_staged()
            counts = take_files(connection, book.places, run, lease.guard)
            now = database_now()
            purge_if_due(book, connection.practice.folder_days, now)
        feeds.succeeded(cursor, lease, poll_interval.answer_minutes(connection, now), now)
        return counts

    return feeds.pull(practice, System.ENGAGEMENT, which, read)
