"""No-shows in the window before the visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.domain.desired_enrollment import plan
from campaigns.domain.risk import no_shows_before, risk_of
from campaigns.domain.snapshot import Settings
from campaigns.domain.values import Risk
from tests.unit.domain.snapshots import NOW, a_patient, a_snapshot, an_appointment, settings

VISIT = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("days_before", "counted"),
    [(0, 0), (1, 1), (30, 1), (179, 1), (180, 1), (181, 0), (-1, 0)],
)
def test_the_180th_day_counts_the_181st_and_the_same_day_do_not(
    days_before: int, counted: int
) -> None:
    day = VISIT - timedelta(days=days_before)
    assert no_shows_before(VISIT, [day], 180) == counted


def test_each_missed_visit_counts() -> None:
    days = [VISIT - timedelta(days=n) for n in (1, 2, 180, 181)]
    assert no_shows_before(VISIT, days, 180) == 3


@pytest.mark.parametrize(
    ("count", "threshold", "risk"),
    [
        (0, 1, Risk.STANDARD),
        (1, 1, Risk.ENHANCED),
        (1, 2, Risk.STANDARD),
        (2, 2, Risk.ENHANCED),
    ],
)
def test_enhanced_from_the_threshold_on(count: int, threshold: int, risk: Risk) -> None:
    assert risk_of(count, Settings(risk_threshold=threshold)) is risk


@pytest.mark.parametrize(
    ("starts_at", "zone", "counted"),
    [
        # 23:30 on November 1 in New York, the night the clocks go back; in UTC it is the 2nd.
        (datetime(2026, 11, 2, 4, 30, tzinfo=UTC), "America/New_York", True),
        # Half an hour later it is the 2nd in New York, and the no-show 181 days ago.
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "America/New_York", False),
        # The same instant is still the 1st in Los Angeles.
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "America/Los_Angeles", True),
        # And over the spring change: 180 days are counted by date, not by 24 hours.
        (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), "America/New_York", True),
    ],
)
def test_days_are_those_of_the_departments_zone_across_the_clock_change(
    starts_at: datetime, zone: str, counted: bool
) -> None:
    missed = date(2026, 11, 1) - timedelta(days=180)
    snapshot = replace(
        a_snapshot(patient=a_patient(no_shows=(missed,))),
        appointment=an_appointment(starts_at=starts_at, time_zone=zone),
        # Whatever the practice's own zone is: the chart prints the department's day.
        settings=settings(time_zone="Pacific/Honolulu"),
    )
    route = plan(snapshot, NOW).route
    assert route is not None
    assert (route.risk is Risk.ENHANCED) == counted
