"""No-shows with and without reminders, compared only among visits booked equally far ahead.

Visits booked shortly before get no reminders and are rarely missed. Compared over all visits,
reminders would look harmful; within a band of lead time the comparison is fairer. It is no proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Value,
    When,
)

from campaigns.domain.values import AppointmentStatus
from campaigns.models import Practice
from campaigns.reports.outcomes import KEPT, Rate, visits_of

# The first band holds from this many days ahead, up to the next.
BANDS = ((1, "1 to 2 days"), (3, "3 to 7 days"), (8, "8 to 14 days"), (15, "15 to 28 days"))
LONGEST = (29, "29 days or more")
_SHORT, _UNKNOWN = "short", "unknown"
# Below this many visits on either side a share says nothing.
FEWEST = 30


@dataclass(frozen=True)
class Band:
    """Visits booked equally far ahead."""

    words: str
    reminded: Rate
    others: Rate

    @property
    def comparable(self) -> bool:
        """Whether there are enough on both sides."""
        return min(self.reminded.n, self.others.n) >= FEWEST


@dataclass(frozen=True)
class Comparison:
    """The bands, and how many visits are in none."""

    bands: tuple[Band, ...]
    short: int
    unknown: int

    @property
    def known(self) -> bool:
        """Whether there is any visit in any band."""
        return any(band.reminded.n or band.others.n for band in self.bands)


def compared(practice: Practice, weeks: int, now: datetime) -> Comparison:
    """Among patients who came or did not come; who cancelled is not counted. One query."""
    lead = ExpressionWrapper(F("starts_at") - F("scheduled_at"), output_field=DurationField())
    ends = [(days, words) for days, words in (*BANDS, LONGEST)]
    whens = [
        When(lead__lt=timedelta(days=days), then=Value(words))
        for (days, _), words in zip(ends, [_SHORT, *(words for _, words in ends)], strict=False)
    ]
    rows = (
        visits_of(practice, weeks, now)
        .filter(status__in=[*KEPT, AppointmentStatus.NO_SHOW])
        .annotate(lead=lead)
        .annotate(
            band=Case(
                When(lead__isnull=True, then=Value(_UNKNOWN)),
                *whens,
                default=Value(LONGEST[1]),
                output_field=CharField(),
            )
        )
        .values_list("band", "reminded", "status")
        .annotate(visits=Count("pk"))
    )
    counted = {(band, reminded, status): visits for band, reminded, status, visits in rows}

    def rate(band: str, reminded: bool) -> Rate:
        missed = counted.get((band, reminded, AppointmentStatus.NO_SHOW), 0)
        came = sum(counted.get((band, reminded, status), 0) for status in KEPT)
        return Rate(missed, missed + came)

    return Comparison(
        tuple(Band(words, rate(words, True), rate(words, False)) for _, words in ends),
        short=rate(_SHORT, True).n + rate(_SHORT, False).n,
        unknown=rate(_UNKNOWN, True).n + rate(_UNKNOWN, False).n,
    )
