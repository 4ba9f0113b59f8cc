"""athenahealth's dates and times, and the two edges of daylight saving (contract sections 0, 3).

Dates are MM/DD/YYYY. A visit's start is HH:MM in the zone of its department; what athenahealth
records about itself (scheduled, modified, cancelled, the feed's windows) is US Eastern.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DATE = "%m/%d/%Y"
DATETIME = "%m/%d/%Y %H:%M:%S"
# Placeholders such as 01/01/0001 occur (contract section 5).
EARLIEST_YEAR, LATEST_YEAR = 1880, 2200
# The zone of `startlastmodified` is not stated (contract section 14). Hawaii is six hours behind
# Eastern at most: asked this much earlier, no row is missed in whatever zone it is read.
UNSTATED_ZONE_MARGIN = timedelta(hours=6)


def parse_date(text: str) -> date | None:
    """A date, or None where it is absent, unreadable or a placeholder."""
    day = _date(text)
    return day if day is not None and EARLIEST_YEAR <= day.year <= LATEST_YEAR else None


def is_date(text: str) -> bool:
    """Whether a text is a date as athenahealth writes it, a placeholder included."""
    return _date(text) is not None


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), DATE).date()  # noqa: DTZ007
    except ValueError:
        return None


def local_start(day: str, time: str) -> datetime | None:
    """A visit's start in the department's own time, naive; None when it cannot be read."""
    parsed = parse_date(day)
    clock = _clock(time)
    return datetime.combine(parsed, clock.time()) if parsed and clock else None


def from_eastern(text: str) -> datetime | None:
    """An Eastern moment in UTC. In the repeated hour of autumn the earlier one is meant."""
    day, _, time = text.strip().partition(" ")
    start = local_start(day, time)
    return start.replace(tzinfo=EASTERN).astimezone(UTC) if start else None


def eastern_window(start: datetime, end: datetime) -> tuple[str, str]:
    """A window for the feed, in Eastern time, never narrower than asked.

    The autumn hour occurs twice, and the text cannot say which is meant: an end that lies in it
    is moved behind it, and a start before it.
    """
    first, last = start.astimezone(EASTERN), end.astimezone(EASTERN)
    if _occurs_twice(first):
        first = first.replace(minute=0, second=0, fold=0) - timedelta(seconds=1)
    if _occurs_twice(last):
        last = last.replace(minute=0, second=0, fold=1) + timedelta(hours=1)
    if last.microsecond:
        last += timedelta(seconds=1)
    return first.strftime(DATETIME), last.strftime(DATETIME)


def modified_since(moment: datetime) -> str:
    """The text of `startlastmodified` for a moment, early enough for any zone."""
    early = moment - UNSTATED_ZONE_MARGIN
    return eastern_window(early, early)[0]


def vendor_date(day: date) -> str:
    """A date as athenahealth writes it."""
    return day.strftime(DATE)


def _clock(text: str) -> datetime | None:
    for form in ("%H:%M", "%H:%M:%S"):
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _occurs_twice(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
