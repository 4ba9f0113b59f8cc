"""The first step of a decision: is this a visit of which the patient can still be reminded?"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from campaigns.domain.coverage import Code
from campaigns.domain.snapshot import AppointmentFacts
from campaigns.domain.values import AppointmentStatus, CancelReason

# Local time is at most this far behind UTC, anywhere.
LAST_ZONE = timedelta(hours=12)
# How far apart two reads have to be that say "no such visit" before that is believed: longer than
# a failover or a copy that lags behind, and than the minutes that the vendor names for its changes
# to arrive; short enough that a reminder hardly goes out meanwhile.
ASKED_AGAIN_AFTER = timedelta(minutes=15)

CLOSED_BY_STATUS: dict[AppointmentStatus, Code] = {
    AppointmentStatus.CANCELLED: Code.CANCELLED,
    AppointmentStatus.RESCHEDULED: Code.RESCHEDULED,
    AppointmentStatus.NO_SHOW: Code.NO_SHOW,
    AppointmentStatus.CHECKED_IN: Code.CHECKED_IN,
    AppointmentStatus.COMPLETED: Code.COMPLETED,
    AppointmentStatus.NOT_FOUND: Code.NOT_FOUND,
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
    return Code.OUTCOME_NOT_RECORDED if over_at(appointment) <= now else None


def over_at(appointment: AppointmentFacts) -> datetime:
    """When the start has certainly passed: where the zone is unknown, at the world's last hour."""
    if appointment.starts_at is not None:
        return appointment.starts_at
    return appointment.local_start + LAST_ZONE


def visit_day(appointment: AppointmentFacts) -> date:
    """The date that the chart prints: the department's, whatever the practice's zone."""
    return appointment.local_start.date()


def cancel_reason(code: Code) -> CancelReason:
    """What Relatient is told when an enrollment ends for this reason."""
    return CANCEL_REASON.get(code, CancelReason.NOT_ELIGIBLE)
