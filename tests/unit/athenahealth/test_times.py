"""athenahealth's dates, its Eastern clock, and the zones of departments."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.athenahealth.times import (
    DATETIME,
    EASTERN,
    eastern_window,
    from_eastern,
    local_start,
    modified_since,
    parse_date,
    vendor_date,
)
from integrations.athenahealth.zones import department_zone

# 2026: clocks go forward on 8 March at 07:00 UTC and back on 1 November at 06:00 UTC.
BACK = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
AUTUMN = st.integers(-7200, 7200).map(lambda seconds: BACK + timedelta(seconds=seconds))


@pytest.mark.parametrize("text", ["", "01/01/0001", "13/01/2026", "2026-01-01", "01/01/9999"])
def test_placeholders_and_bad_dates_are_absent(text):
    assert parse_date(text) is None


def test_a_date_goes_and_comes_back():
    assert parse_date(vendor_date(date(2026, 2, 3))) == date(2026, 2, 3)


def test_midnight_is_a_start():
    assert local_start("06/01/2026", "00:00") == datetime(2026, 6, 1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("01/15/2026 12:00:00", datetime(2026, 1, 15, 17, tzinfo=UTC)),
        ("07/15/2026 12:00:00", datetime(2026, 7, 15, 16, tzinfo=UTC)),
        ("07/15/2026 12:00", datetime(2026, 7, 15, 16, tzinfo=UTC)),
        # The repeated hour: the earlier of the two.
        ("11/01/2026 01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        # The missing hour: as if the clock had not been moved yet.
        ("03/08/2026 02:30:00", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("", None),
        ("07/15/2026", None),
    ],
)
def test_eastern_moments_in_utc(text, moment):
    assert from_eastern(text) == moment


def _every_reading(text):
    """All moments that an Eastern text can stand for."""
    naive = datetime.strptime(text, DATETIME)  # noqa: DTZ007
    return [naive.replace(tzinfo=EASTERN, fold=fold).astimezone(UTC) for fold in (0, 1)]


@given(MOMENTS | AUTUMN, st.integers(0, 7200))
def test_a_window_covers_what_was_asked_however_it_is_read(start, seconds):
    end = start + timedelta(seconds=seconds)
    first, last = eastern_window(start, end)
    assert max(_every_reading(first)) <= start
    assert min(_every_reading(last)) >= end


@given(MOMENTS, st.integers(0, 7200))
def test_a_window_is_hardly_wider_than_asked(start, seconds):
    end = start + timedelta(seconds=seconds)
    first, last = eastern_window(start, end)
    assert start - min(_every_reading(first)) <= timedelta(hours=2, seconds=1)
    assert max(_every_reading(last)) - end <= timedelta(hours=2, seconds=1)


def test_a_window_inside_the_repeated_hour_is_not_empty():
    before, after = BACK - timedelta(minutes=10), BACK + timedelta(minutes=10)
    assert eastern_window(before, after) == ("11/01/2026 00:59:59", "11/01/2026 02:00:00")


@given(MOMENTS)
def test_modified_since_is_early_enough_in_every_zone_of_the_states(moment):
    text = modified_since(moment)
    as_hawaii = datetime.strptime(text, DATETIME).replace(tzinfo=UTC) + timedelta(hours=10)
    assert as_hawaii <= moment


@pytest.mark.parametrize(
    ("name", "offset", "no_summer_time", "zone"),
    [
        ("US/Eastern", -5, False, "America/New_York"),
        ("America/Los_Angeles", -8, False, "America/Los_Angeles"),
        ("US/Arizona", None, None, "America/Phoenix"),
        ("America/Indiana/Knox", None, None, "America/Indiana/Knox"),
        ("", -6, False, "America/Chicago"),
        ("", -6, None, "America/Chicago"),
        ("", -7, True, "America/Phoenix"),
        ("", -10, None, "Pacific/Honolulu"),
        ("", -10, False, "America/Adak"),
        ("", -4, None, "America/Puerto_Rico"),
        ("", -5, True, "America/Panama"),
        # An unknown name, a folder, an abbreviation that hides summer time: the offset decides.
        ("US/Nowhere", -9, False, "America/Anchorage"),
        ("America", -5, False, "America/New_York"),
        ("EST", -5, False, "America/New_York"),
        ("../etc/passwd", -5, False, "America/New_York"),
        ("", None, None, ""),
        ("", -6, True, ""),
        ("", 1, None, ""),
    ],
)
def test_a_departments_zone(name, offset, no_summer_time, zone):
    assert department_zone(name, offset, no_summer_time) == zone
