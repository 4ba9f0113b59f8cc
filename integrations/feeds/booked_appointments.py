"""The booked visits of some dates, read window by window and taken in like any page.

athenahealth does not accept bulk reads (contract, section 2), so a window is a week at most and
every page goes at the rate of all other calls. What is read is stored raw before it is looked
at, so an interruption loses no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from campaigns.ports import Guard
from integrations.inbox.store import store_page
from integrations.models import Connection, InboundKind, InboundMessage, SyncRun
from integrations.vendors import Page, chart_of

WINDOW_DAYS = 7


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The dates from first to last in windows of a week at most."""
    while first <= last:
        end = min(first + timedelta(days=WINDOW_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def no_guard() -> None:
    """The guard of a read that needs no lease: two processes may make it at once."""


def read_pages(
    connection: Connection, first: date, last: date, guard: Guard = no_guard
) -> Iterable[Page]:
    """Read all visits from first to last date, cancelled ones too, page by page."""
    return chart_of(connection.practice).booked(connection, first, last, guard)


def read_window(
    connection: Connection,
    run: SyncRun | None,
    first: date,
    last: date,
    guard: Guard = no_guard,
) -> list[InboundMessage]:
    """Read all visits from first to last date, cancelled ones too, and store the pages.

    Returns the stored messages, to be taken in by inbox/process.py. Raises GatewayError when a read
    failed; pages read until then are kept.
    """
    stored = [
        store_page(
            connection,
            InboundKind.APPOINTMENTS_PAGE,
            page.rows,
            began=page.began,
            ended=page.ended,
            run=run,
        )
        for page in read_pages(connection, first, last, guard)
    ]
    return [page for page in stored if page is not None]
