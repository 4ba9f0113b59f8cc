"""A day as each clinic lives it: by the local start, which is known even without a time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q

from campaigns.domain.coverage import Code
from campaigns.local_time import zone_of
from campaigns.models import Practice

# Rows of the chart that are no visit of their own: a part of another one, and what is gone.
NO_VISITS = (Code.SECONDARY_RESOURCE, Code.NOT_FOUND)


def today_of(practice: Practice, now: datetime) -> date:
    """The practice's date at this moment."""
    return now.astimezone(zone_of(practice.time_zone)).date()


def between(
    practices: Sequence[Practice], now: datetime, first: int, last: int, path: str = ""
) -> Q:
    """Visits from `first` to `last` days from each practice's today, both included.

    `path` leads to the appointment, such as "appointment__"; no practice, no visit.
    """
    found = Q(pk__in=[])
    for practice in practices:
        today = today_of(practice, now)
        found |= Q(
            **{
                "practice": practice,
                f"{path}local_start__gte": midnight(today + timedelta(days=first)),
                f"{path}local_start__lt": midnight(today + timedelta(days=last + 1)),
            }
        )
    return found


def midnight(day: date) -> datetime:
    """The day's beginning in the way `local_start` is written: as if it were UTC."""
    return datetime.combine(day, time(), UTC)
