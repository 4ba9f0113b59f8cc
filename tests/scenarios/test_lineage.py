"""Reschedules, and patients with more than one visit."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.scenarios.decision_stage import Stage
from tests.scenarios.decision_words import staged
from tests.scenarios.shared_clinic import SharedClinic

LONG = 4


def chain_of(stage: Stage, moves: int) -> list[str]:
    """The visit is moved so many times in athenahealth; all its rows, the oldest first."""
    rows = [stage.visit]
    for day in range(1, moves + 1):
        later = (stage.start + timedelta(days=day)).isoformat()
        path = f"athena/appointments/{rows[-1]}/reschedule"
        rows.append(stage.clinic.control(path, {"starts_at": later})["newappointmentid"])
    return rows


def only_the_last_is_reminded_of(ward: SharedClinic, rows: list[str]) -> None:
    """Exactly one active enrollment for the row that is scheduled, none for the others."""
    assert [len(ward.active(row)) for row in rows] == [0] * (len(rows) - 1) + [1]


def one_at_a_time(ward: SharedClinic, rows: list[str]) -> None:
    """At Relatient an enrollment of the chain had ended before the next one began."""
    chain = sorted(
        (enrollment for row in rows for enrollment in ward.enrollments(row)),
        key=lambda enrollment: enrollment["id"],
    )
    for ended, begun in pairwise(chain):
        assert ended["ended_at"] and ended["ended_at"] <= begun["created_at"]


def test_a_reschedule_ends_the_old_reminders_before_it_begins_new_ones(ward: SharedClinic) -> None:
    stage = staged(ward, ["enrolled"])
    rows = chain_of(stage, 1)
    ward.sync()
    [ended] = ward.enrollments(rows[0])
    assert ended["end_reason"] == "appointment_rescheduled"
    only_the_last_is_reminded_of(ward, rows)
    one_at_a_time(ward, rows)


@pytest.mark.parametrize("polled", ["after each move", "at the end"])
def test_a_long_chain_leaves_one_active_for_the_last(ward: SharedClinic, polled: str) -> None:
    stage = staged(ward, ["enrolled"])
    rows = [stage.visit]
    for _ in range(LONG):
        rows += chain_of(stage, 1)[1:]
        stage.visit, stage.start = rows[-1], stage.start + timedelta(days=1)
        if polled == "after each move":
            ward.sync()
            only_the_last_is_reminded_of(ward, rows)
    ward.sync()
    only_the_last_is_reminded_of(ward, rows)
    one_at_a_time(ward, rows)
    reasons = {row["end_reason"] for old in rows[:-1] for row in ward.enrollments(old)}
    assert reasons == {"appointment_rescheduled"}


@pytest.mark.parametrize("moves", [1, LONG])
def test_a_chain_that_ends_cancelled_leaves_nothing_active(ward: SharedClinic, moves: int) -> None:
    stage = staged(ward, ["enrolled"])
    rows = chain_of(stage, moves)
    ward.control(f"athena/appointments/{rows[-1]}/cancel")
    ward.sync()
    assert [ward.active(row) for row in rows] == [[]] * len(rows)


def test_a_chain_whose_middle_was_never_seen_ends_in_one_enrollment(ward: SharedClinic) -> None:
    stage = staged(ward, ["enrolled"])
    rows = chain_of(stage, 2)
    ward.drop_from_feed(rows[1])
    ward.sync()
    only_the_last_is_reminded_of(ward, rows)


def test_a_chain_of_which_only_the_last_row_is_told_ends_in_one_enrollment(
    ward: SharedClinic,
) -> None:
    stage = staged(ward, ["enrolled"])
    rows = chain_of(stage, LONG)
    for row in rows[:-1]:
        ward.drop_from_feed(row)
    ward.sync()
    only_the_last_is_reminded_of(ward, rows)
    one_at_a_time(ward, rows)


def test_two_visits_of_one_patient_are_both_enrolled(ward: SharedClinic) -> None:
    stage = staged(ward, ["enrolled"])
    other = stage.book(starts_at=stage.start + timedelta(days=1))
    ward.sync()
    assert [len(ward.active(visit)) for visit in (stage.visit, other)] == [1, 1]


def test_two_visits_on_one_day_are_no_chain(ward: SharedClinic) -> None:
    stage = staged(ward, ["enrolled"])
    other = stage.book(starts_at=stage.start + timedelta(hours=2))
    ward.sync()
    [untouched] = ward.active(other)
    rows = chain_of(stage, 2)
    ward.sync()
    only_the_last_is_reminded_of(ward, rows)
    assert ward.active(other) == [untouched]


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(order=[3, 2, 1, 0], lost=set())
@example(order=[3, 0, 1, 2], lost={1, 2})
@given(order=st.permutations(range(LONG)), lost=st.sets(st.integers(1, LONG - 2)))
def test_in_whatever_order_a_chain_is_seen_one_is_active_at_a_time(
    ward: SharedClinic, order: list[int], lost: set[int]
) -> None:
    """Each row comes in a poll of its own; those of the middle may never come."""
    ward.begin_anew()
    stage = staged(ward, ["enrolled"])
    rows = chain_of(stage, LONG - 1)
    ward.forget_news()
    for place in order:
        if place not in lost:
            ward.tell_again(rows[place])
            ward.sync()
        assert sum(len(ward.active(row)) for row in rows) <= 1
    only_the_last_is_reminded_of(ward, rows)
    one_at_a_time(ward, rows)
