"""What has changed on the list since a page of it was loaded, and how fresh the chart is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Practice
from campaigns.worklist.queries import WorkListView

_MINUTE = 60
_HOUR = 60 * _MINUTE
_TWO_DAYS = 48 * _HOUR


@dataclass(frozen=True)
class ListUpdate:
    """How many rows came and went, and what to say of athenahealth's last poll."""

    new: int
    gone: int
    heard: str
    stale: bool


def row_ids(rows: WorkListView) -> list[str]:
    """One short id per row, which the page sends back: 12 for a visit, i7 for a work item."""
    visits = rows.visits.order_by().values_list("pk", flat=True)
    items = rows.items.order_by().values_list("pk", flat=True)
    replies = rows.replies.order_by().values_list("pk", flat=True)
    return [*(str(pk) for pk in visits), *(f"i{pk}" for pk in (*items, *replies))]


def update_of(marks: Iterable[str], known: Iterable[str], heard: tuple[str, bool]) -> ListUpdate:
    """Compare the ids of the list's rows with those that a page knows."""
    before, after = set(known), set(marks)
    return ListUpdate(len(after - before), len(before - after), *heard)


def chart_freshness(
    last: datetime | None, following: datetime | None, practice: Practice, now: datetime
) -> tuple[str, bool]:
    """When athenahealth's changes last came, in words, and whether that is too long ago.

    It is too long ago when the poll that was to be the next is late by a whole interval.
    """
    if last is None:
        return "athenahealth was not asked yet", True
    seconds = (now - last).total_seconds()
    interval = timedelta(minutes=practice.poll_minutes)
    planned = max(last + interval, following or last)
    return f"athenahealth {_ago(seconds)}", now > planned + interval


def _ago(seconds: float) -> str:
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return _count(seconds, _MINUTE, "minute")
    if seconds < _TWO_DAYS:
        return _count(seconds, _HOUR, "hour")
    return _count(seconds, 24 * _HOUR, "day")


def _count(seconds: float, unit: int, word: str) -> str:
    number = int(seconds // unit)
    return f"{number} {word}{'' if number == 1 else 's'} ago"
