"""Each calendar day is the one that the chart prints, in every zone and over each clock change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.domain.coverage import Code
from campaigns.domain.decision import Plan
from campaigns.domain.desired_enrollment import plan
from campaigns.domain.recipient import Nobody, age_on, recipient_of
from campaigns.domain.risk import no_shows_before
from campaigns.domain.snapshot import AppointmentFacts, PatientFacts
from campaigns.domain.values import RecipientKind, Risk
from campaigns.domain.visit_status import closed_code, visit_day
from campaigns.intake.appointment_columns import starts_at
from campaigns.local_time import day_and_time, lately, spoken
from tests.unit.domain.snapshots import HOME, a_child, a_patient, a_snapshot, an_appointment
from tests.unit.domain.snapshots import settings as practice_settings

ZONES = st.sampled_from(sorted(name for name in available_timezones() if "/" in name))
LOCAL = st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
WINDOW = 180


def booked(local: datetime, zone: str) -> AppointmentFacts:
    """A visit at a local time, stored as intake stores it."""
    start = starts_at(local, zone)
    assert start is not None
    return an_appointment(local_start=local.replace(tzinfo=UTC), starts_at=start, time_zone=zone)


def planned(visit: AppointmentFacts, patient: PatientFacts, practices: str) -> Plan:
    """What is wanted of a visit a week ahead, of a patient who was read just now."""
    assert visit.starts_at is not None
    now = visit.starts_at - timedelta(days=7)
    read = replace(patient, read_at=now, history_read_at=now)
    zoned = practice_settings(time_zone=practices, risk_window_days=WINDOW)
    return plan(a_snapshot(appointment=visit, patient=read, settings=zoned), now)


def is_skipped(local: datetime, zone: str) -> bool:
    """Whether the clock jumps over this time of day."""
    start = starts_at(local, zone)
    assert start is not None
    return start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local


@given(LOCAL, ZONES)
def test_a_local_start_is_an_instant_that_the_clinics_clock_shows_again(
    local: datetime, zone: str
) -> None:
    start = starts_at(local, zone)
    assert start is not None and start.tzinfo is UTC
    if not is_skipped(local, zone):
        assert start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
        # The first of two, where the clock goes back.
        earlier = (start - timedelta(hours=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert earlier != local


@given(LOCAL, ZONES, ZONES)
def test_the_visits_day_is_the_departments_whatever_the_practices_zone(
    local: datetime, zone: str, practices: str
) -> None:
    visit, last = booked(local, zone), local.date() - timedelta(days=WINDOW)
    assert visit_day(visit) == local.date()
    for missed, risk in ((last, Risk.ENHANCED), (last - timedelta(days=1), Risk.STANDARD)):
        route = planned(visit, a_patient(no_shows=(missed,)), practices).route
        assert route is not None and route.risk is risk


@given(LOCAL, ZONES, ZONES, st.integers(0, 1))
def test_a_birthday_counts_on_the_day_of_the_visit_and_not_on_the_day_before(
    local: datetime, zone: str, practices: str, days_until: int
) -> None:
    birthday = local.date() + timedelta(days=days_until)
    assume((birthday.month, birthday.day) != (2, 29))
    born = birthday.replace(year=birthday.year - 18)
    reminder = planned(booked(local, zone), a_child(date_of_birth=born), practices).reminder
    kind = RecipientKind.GUARDIAN if days_until else RecipientKind.PATIENT
    assert reminder is not None and reminder["recipient"]["kind"] == kind.value


@given(st.dates(date(1930, 1, 1), date(2031, 12, 31)), st.dates(date(2026, 1, 1), date(2031, 1, 1)))
def test_a_year_is_added_on_the_birthday_and_on_no_other_day(born: date, day: date) -> None:
    assume(born < day)
    older = age_on(day + timedelta(days=1), born) - age_on(day, born)
    tomorrow = day + timedelta(days=1)
    leap = (born.month, born.day) == (2, 29)
    is_birthday = (tomorrow.month, tomorrow.day) == (born.month, born.day)
    # Who was born on a leap day is a year older on the 1st of March of the other years.
    in_march = leap and (tomorrow.month, tomorrow.day) == (3, 1) and day.day == 28
    assert older == int(is_birthday or in_march)


@given(LOCAL, st.integers(0, 400), st.integers(1, 365))
def test_a_missed_day_counts_by_the_calendar_from_the_windows_last_to_the_day_before(
    local: datetime, ago: int, window: int
) -> None:
    missed = local.date() - timedelta(days=ago)
    assert no_shows_before(local.date(), [missed], window) == int(1 <= ago <= window)


@given(LOCAL, ZONES, st.integers(-300, 300))
def test_a_visit_is_ahead_until_its_instant_by_any_clock(
    local: datetime, zone: str, minutes: int
) -> None:
    visit = booked(local, zone)
    assert visit.starts_at is not None
    now = visit.starts_at + timedelta(minutes=minutes)
    code = closed_code(visit, now.astimezone(ZoneInfo("Pacific/Kiritimati")))
    assert code is (Code.OUTCOME_NOT_RECORDED if minutes >= 0 else None)


@given(LOCAL, ZONES, st.integers(-3, 3))
def test_a_moment_is_said_with_the_clinics_day(local: datetime, zone: str, days: int) -> None:
    moment = starts_at(local, zone)
    assert moment is not None
    assume(not is_skipped(local, zone))
    now = moment - timedelta(days=days)
    here = now.astimezone(ZoneInfo(zone)).date()
    ahead = (local.date() - here).days
    said = day_and_time(moment, zone, now)
    assert said.startswith("tomorrow, ") == (ahead == 1)
    assert ("," not in said) == (ahead == 0)
    assert lately(moment, zone, now).startswith("yesterday, ") == (ahead == -1)
    assert f"{local.day}, {local.year}" in spoken(moment, zone)


@given(LOCAL, st.integers(0, 17), st.booleans())
def test_no_minor_gets_a_message_at_a_number_of_their_own(
    local: datetime, years: int, confidential: bool
) -> None:
    assume((local.month, local.day) != (2, 29))
    day = local.date()
    child = a_child(date_of_birth=day.replace(year=day.year - years), home_phone=HOME)
    found = recipient_of(child, day, 18, today=day, confidential=confidential)
    if confidential and years >= 12:
        assert not isinstance(found, Nobody) and found.kind is RecipientKind.PATIENT
    else:
        assert isinstance(found, Nobody) or found.kind is RecipientKind.GUARDIAN
