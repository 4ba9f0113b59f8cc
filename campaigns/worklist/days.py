"""Which days a view of the work list covers, in the practice's time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from campaigns.local_time import zone_of
from campaigns.models import Practice

SATURDAY = 5


class Show(StrEnum):
    """The views of the list, as they stand in its address."""

    SOON = "soon"
    ALL = "all"
    LATER = "later"


def next_business_day(today: date) -> date:
    """The next day from Monday to Friday."""
    following = today + timedelta(days=1)
    while following.weekday() >= SATURDAY:
        following += timedelta(days=1)
    return following


def end_of(show: Show, practice: Practice, now: datetime) -> datetime:
    """Until when a view lists visits; never beyond the practice's `unconfirmed_hours`."""
    latest = now + timedelta(hours=practice.unconfirmed_hours)
    return min(latest, _end_of_soon(practice, now)) if show is Show.SOON else latest


def _end_of_soon(practice: Practice, now: datetime) -> datetime:
    zone = zone_of(practice.time_zone)
    after = next_business_day(now.astimezone(zone).date()) + timedelta(days=1)
    return datetime.combine(after, time.min, zone) - timedelta(microseconds=1)


def days_in_words(show: Show, practice: Practice, now: datetime) -> str:
    """What a view covers, to follow "visits": "from today to Monday (72 hours ahead at most)"."""
    if show is Show.ALL:
        return f"in the next {practice.unconfirmed_hours} hours"
    if show is Show.LATER:
        return "put off until later"
    today = now.astimezone(zone_of(practice.time_zone)).date()
    following = next_business_day(today)
    days = f"from today to {following:%A}"
    if following == today + timedelta(days=1):
        days = "today and tomorrow"
    # On a Friday morning Monday afternoon is too far ahead to be on the list.
    if end_of(show, practice, now) < _end_of_soon(practice, now):
        return f"{days} ({practice.unconfirmed_hours} hours ahead at most)"
    return days
