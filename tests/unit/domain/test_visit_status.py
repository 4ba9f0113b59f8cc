"""The first filter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.coverage import LEDGER, PRECEDENCE, Code, State, sentence_of
from campaigns.domain.values import AppointmentStatus, CancelReason
from campaigns.domain.visit_status import cancel_reason, closed_code
from tests.unit.domain.snapshots import NOW, an_appointment


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (AppointmentStatus.SCHEDULED, None),
        (AppointmentStatus.CANCELLED, Code.CANCELLED),
        (AppointmentStatus.RESCHEDULED, Code.RESCHEDULED),
        (AppointmentStatus.NO_SHOW, Code.NO_SHOW),
        (AppointmentStatus.CHECKED_IN, Code.CHECKED_IN),
        (AppointmentStatus.COMPLETED, Code.COMPLETED),
    ],
)
def test_a_status_is_open_or_closed(status: AppointmentStatus, code: Code | None) -> None:
    assert closed_code(an_appointment(status=status), NOW) is code


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=3)])
def test_a_past_visit_that_nobody_marked_has_no_recorded_outcome(late: timedelta) -> None:
    appointment = an_appointment(starts_at=NOW - late)
    assert closed_code(appointment, NOW) is Code.OUTCOME_NOT_RECORDED


def test_an_unknown_start_is_not_past() -> None:
    assert closed_code(an_appointment(starts_at=None), NOW) is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.CANCELLED, CancelReason.APPOINTMENT_CANCELLED),
        (Code.RESCHEDULED, CancelReason.APPOINTMENT_RESCHEDULED),
        (Code.STOPPED_BY_STAFF, CancelReason.STAFF),
        (Code.OPTED_OUT, CancelReason.OPTED_OUT),
        (Code.CHECKED_IN, CancelReason.NOT_ELIGIBLE),
        (Code.OUTCOME_NOT_RECORDED, CancelReason.NOT_ELIGIBLE),
        (Code.PATIENT_INACTIVE, CancelReason.NOT_ELIGIBLE),
        (Code.NO_RULE, CancelReason.NOT_ELIGIBLE),
    ],
)
def test_relatient_is_told_why_an_enrollment_ends(code: Code, reason: CancelReason) -> None:
    assert cancel_reason(code) is reason


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_state_and_a_sentence(code: Code) -> None:
    assert LEDGER[code].state in State
    assert sentence_of(code).endswith(".")


def test_every_reason_not_to_enroll_has_its_place_in_the_order() -> None:
    held_back = {c for c, entry in LEDGER.items() if entry.state in (State.EXCLUDED, State.BLOCKED)}
    assert set(PRECEDENCE) == held_back
    assert len(PRECEDENCE) == len(held_back)
