"""Races that random runs rarely hit, one by one: the vendors' books stay as they should be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.chaos.directed import answers_lost, lanes, leases, locks, notifications, reads
from tests.scenarios.clinic import Clinic

Schedule = Callable[[Clinic], list[str]]

SCHEDULES: list[Schedule] = [
    reads.stale_page_of_a_new_visit,
    reads.stale_page_of_an_enrolled_visit,
    reads.stale_patient,
    reads.killed_with_a_page_in_hand,
    reads.killed_with_events_in_hand,
    leases.lease_lost_before_the_call,
    leases.lease_lost_during_the_call,
    lanes.two_updates_of_one_patient,
    lanes.two_updates_of_one_enrollment,
    lanes.both_lanes_of_one_patient,
    answers_lost.lost_note,
    answers_lost.lost_case,
    answers_lost.written_unheard_of_while_staff_move_it,
    answers_lost.not_written_while_staff_move_it,
    answers_lost.staff_after_a_lost_write,
    locks.moved_during_a_look,
    locks.two_looks_at_once,
    locks.two_intakes_at_once,
    locks.moved_during_a_settlement,
]
# Where Relatient's own refusal of a second active enrollment would hide our mistakes.
BOTH_WAYS: list[Schedule] = [
    answers_lost.lost_enroll_then_moved,
    answers_lost.lost_enroll_then_rerouted,
    answers_lost.lost_enroll_then_cancelled,
    lanes.route_changed_and_the_cancel_is_lost,
    lanes.route_changed_and_the_cancel_never_arrived,
]


def named(schedule: Schedule) -> str:
    return schedule.__name__


@pytest.mark.parametrize("schedule", SCHEDULES, ids=named)
def test_the_books_are_right(clinic: Clinic, schedule: Schedule) -> None:
    assert schedule(clinic) == []


@pytest.mark.parametrize("refuses", [True, False], ids=["409", "no 409"])
@pytest.mark.parametrize("schedule", BOTH_WAYS, ids=named)
def test_the_books_are_right_with_and_without_relatients_own_refusal(
    clinic: Clinic, schedule: Schedule, refuses: bool
) -> None:
    clinic.control("settings", {"one_active_enrollment": refuses})
    assert schedule(clinic) == []


def test_a_notification_is_acknowledged_only_when_it_is_stored(
    clinic: Clinic, live_server: LiveServer
) -> None:
    assert notifications.notified_while_the_database_fails(clinic, live_server.url) == []
