"""Who is likely to miss the visit: by their own missed visits, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from campaigns.domain.values import Risk


def no_shows_before(visit: date, no_shows: Iterable[date], window_days: int) -> int:
    """How many no-shows fall in the window before the visit's date.

    Dates are those that the chart prints, the department's.

    The last day of the window counts, the day after it does not, nor does the visit's own day.
    """
    earliest = visit - timedelta(days=window_days)
    return sum(1 for day in no_shows if earliest <= day < visit)


def risk_of(count: int, threshold: int) -> Risk:
    """Enhanced from the threshold on."""
    return Risk.ENHANCED if count >= threshold else Risk.STANDARD
