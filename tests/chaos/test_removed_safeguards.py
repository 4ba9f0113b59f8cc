"""One safeguard removed at a time: the vendors' books show it, by the schedule made for it.

test_directed_schedules.py runs the same schedules on the product as it is, where nothing is found.
Without the safeguard the judge finds a violation; `-s` prints it, for docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from tests.chaos.directed import answers_lost, lanes, leases, locks, notifications, reads
from tests.chaos.without import SAFEGUARDS, removed
from tests.scenarios.clinic import Clinic

Schedule = Callable[[Clinic], list[str]]


@dataclass(frozen=True)
class Case:
    """What is removed, the race that shows it, and whether Relatient's own 409 would hide it."""

    safeguard: str
    schedule: Schedule
    relatient_refuses: bool = True
    postgresql_only: bool = False


CASES = [
    Case("lease_check_before_call", leases.lease_lost_before_the_call),
    Case("lease_check_at_outcome", leases.lease_lost_during_the_call),
    Case("look_up_before_repeat", answers_lost.lost_note),
    Case("look_up_before_repeat", answers_lost.staff_after_a_lost_write),
    Case("frozen_body", answers_lost.lost_enroll_then_moved, relatient_refuses=False),
    Case("one_in_flight", lanes.two_updates_of_one_enrollment),
    Case("one_in_flight", lanes.two_updates_of_one_patient),
    Case("newest_read_wins", reads.stale_page_of_a_new_visit),
    Case("window_before_read", reads.killed_with_a_page_in_hand),
    Case("commit_before_ack", reads.killed_with_events_in_hand),
    Case("patient_and_appointment_lock", locks.moved_during_a_look, postgresql_only=True),
]


def named(case: Case) -> str:
    return f"{case.safeguard}-{case.schedule.__name__}"


def test_every_safeguard_has_a_schedule() -> None:
    assert {case.safeguard for case in CASES} == set(SAFEGUARDS)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_its_removal_is_caught(clinic: Clinic, case: Case) -> None:
    """That the same schedule finds nothing with it is in test_directed_schedules.py."""
    if case.postgresql_only and connection.vendor != "postgresql":
        pytest.skip("on SQLite a transaction that writes is the lock and cannot be taken away")
    clinic.control("settings", {"one_active_enrollment": case.relatient_refuses})
    with removed(case.safeguard):
        found = case.schedule(clinic)
    report(case.safeguard, case.schedule.__name__, found)


def test_an_acknowledgement_without_a_row_is_caught(
    clinic: Clinic, live_server: LiveServer
) -> None:
    with removed("commit_before_ack"):
        found = notifications.notified_while_the_database_fails(clinic, live_server.url)
    report("commit_before_ack", "notified_while_the_database_fails", found)


def report(safeguard: str, schedule: str, found: list[str]) -> None:
    print(f"\nWITHOUT {safeguard} | {schedule} | {'; '.join(found)}")
    assert found, f"nobody noticed that {safeguard} is gone"
