"""The first filter: is this a visit that can still be reminded of?"""

from __future__ import annotations

from datetime import datetime

from campaigns.domain.coverage import Code
from campaigns.domain.facts import AppointmentFacts
from campaigns.domain.values import AppointmentStatus, CancelReason

CLOSED_BY_STATUS: dict[AppointmentStatus, Code] = {
    AppointmentStatus.CANCELLED: Code.CANCELLED,
    AppointmentStatus.RESCHEDULED: Code.RESCHEDULED,
    AppointmentStatus.NO_SHOW: Code.NO_SHOW,
    AppointmentStatus.CHECKED_IN: Code.CHECKED_IN,
    AppointmentStatus.COMPLETED: Code.COMPLETED,
}

CANCEL_REASON: dict[Code, CancelReason] = {
    Code.CANCELLED: CancelReason.APPOINTMENT_CANCELLED,
    Code.NO_SHOW: CancelReason.APPOINTMENT_CANCELLED,
    Code.RESCHEDULED: CancelReason.APPOINTMENT_RESCHEDULED,
    Code.STOPPED_BY_STAFF: CancelReason.STAFF,
    Code.OPTED_OUT: CancelReason.OPTED_OUT,
}


def closed_code(appointment: AppointmentFacts, now: datetime) -> Code | None:
    """Why the visit is closed, or None while it is ahead.

    A past visit that nobody checked in, cancelled or marked stays scheduled in athenahealth; its
    outcome is not recorded, which is not the same as a no-show.
    """
    closed = CLOSED_BY_STATUS.get(appointment.status)
    if closed is not None:
        return closed
    if appointment.starts_at is not None and appointment.starts_at <= now:
        return Code.OUTCOME_NOT_RECORDED
    return None


def cancel_reason(code: Code) -> CancelReason:
    """What Relatient is told when an enrollment ends for this reason."""
    return CANCEL_REASON.get(code, CancelReason.NOT_ELIGIBLE)
