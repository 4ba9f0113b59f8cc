"""When a visit comes back to the desk after a call."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.callback_times import after_no_answer, at_time, in_time, offers

MORNING = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "waited"),
    [(30, 120), (3, 120), (2.5, 90), (1.25, 15)],
    ids=["far", "just far enough", "an hour before the visit", "soon"],
)
def test_nobody_is_called_again_for_two_hours_but_always_an_hour_before_the_visit(
    ahead: float, waited: int
) -> None:
    again = after_no_answer(MORNING, MORNING + timedelta(hours=ahead))
    assert again == MORNING + timedelta(minutes=waited)


def test_close_to_the_visit_the_patient_stays_on_the_list() -> None:
    assert after_no_answer(MORNING, MORNING + timedelta(hours=1)) is None
    assert after_no_answer(MORNING, None) == MORNING + timedelta(hours=2)


def test_the_choices_are_those_that_lie_before_the_visit() -> None:
    def codes(now: datetime, hours: float) -> list[str]:
        return [one.code for one in offers(now, now + timedelta(hours=hours))]

    assert codes(MORNING, 40) == ["30m", "1h", "2h", "afternoon", "tomorrow"]
    assert codes(MORNING, 1.5) == ["30m", "1h"]
    assert codes(MORNING, 0.4) == []
    evening = MORNING.replace(hour=17)
    assert codes(evening, 40) == ["30m", "1h", "2h", "tomorrow"]
    morning = {one.code: one.at for one in offers(evening, None)}["tomorrow"]
    assert morning == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_a_time_that_has_passed_means_tomorrow() -> None:
    assert at_time(time(16, 30), MORNING) == MORNING.replace(hour=16, minute=30)
    assert at_time(time(9), MORNING) == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_a_call_back_lies_between_now_and_the_visit() -> None:
    visit = MORNING + timedelta(hours=1)
    assert in_time(MORNING + timedelta(minutes=59), MORNING, visit)
    assert not in_time(visit, MORNING, visit)
    assert not in_time(MORNING, MORNING, visit)


@pytest.mark.parametrize("now", ["2026-11-01T05:45Z", "2026-11-01T06:45Z", "2026-03-08T06:45Z"])
def test_half_an_hour_is_half_an_hour_in_the_night_of_another_clock(now: str) -> None:
    moment = datetime.fromisoformat(now)
    local = moment.astimezone(ZoneInfo("America/New_York"))
    first = offers(local, None)[0]
    assert first.words == "in 30 minutes"
    assert first.at.astimezone(UTC) == moment + timedelta(minutes=30)
