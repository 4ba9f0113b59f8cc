"""Who is likely to miss the visit: by their own missed visits, and nothing else.

A risk level is its word in values.py and a row here, the threshold among the settings; rules, the
mapping, coverage, the files and the filters are drawn from the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from campaigns.domain.values import Risk


@dataclass(frozen=True)
class RiskLevel:
    """One level, in words, and the setting that says from how many missed visits on it holds."""

    label: str
    on_the_list: str
    threshold: str = ""


# From the lowest to the highest. Without a rule of its own a level falls back to the one below.
RISK_LEVELS: dict[Risk, RiskLevel] = {
    Risk.STANDARD: RiskLevel("standard risk", "Usual risk of a missed visit"),
    Risk.ENHANCED: RiskLevel("enhanced risk", "Higher risk", "risk_threshold"),
}
_ORDER = tuple(RISK_LEVELS)
LOWEST, HIGHEST = _ORDER[0], _ORDER[-1]


def below(risk: Risk) -> tuple[Risk, ...]:
    """The levels to which one falls back, the next one first."""
    return tuple(reversed(_ORDER[: _ORDER.index(risk)]))


def no_shows_before(visit: date, no_shows: Iterable[date], window_days: int) -> int:
    """How many no-shows fall in the window before the visit's date.

    Dates are those that the chart prints, the department's.

    The last day of the window counts, the day after it does not, nor does the visit's own day.
    """
    earliest = visit - timedelta(days=window_days)
    return sum(1 for day in no_shows if earliest <= day < visit)


def risk_of(count: int, settings: Any) -> Risk:
    """The highest level whose threshold so many missed visits reach; `settings` has the
    thresholds, be it a decision's or the practice's row.
    """
    reached = (risk for risk in (HIGHEST, *below(HIGHEST)) if _reached(count, risk, settings))
    return next(reached, LOWEST)


def _reached(count: int, risk: Risk, settings: Any) -> bool:
    threshold = RISK_LEVELS[risk].threshold
    return bool(threshold) and count >= getattr(settings, threshold)
