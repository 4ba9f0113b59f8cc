"""Enrollments at Relatient: made, changed, ended and read, each so that a repeat does no harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from campaigns.clock import database_now
from campaigns.domain.effects import EnrollBody, ReminderBody
from campaigns.domain.values import CancelReason, EffectKind, EnrollmentStatus
from campaigns.enrollments.status import gone, mirror
from campaigns.execution.handlers.call import Call, Completed, read_with_span
from campaigns.models import Effect, Enrollment
from campaigns.ports import ACTIVE_EXISTS, NOT_ACTIVE, NOT_FOUND, EngagementGateway, Refused
from campaigns.vendor_records import EnrollmentRecord, ReadSpan

# How long Relatient holds an idempotency key; after that a repeat would be a second request.
KEY_HELD_FOR = timedelta(days=7)


def key_expired(effect: Effect) -> bool:
    """Whether an attempt that may have been done is older than its key."""
    began = effect.first_attempt_at
    return effect.maybe_done and began is not None and database_now() - began > KEY_HELD_FOR


def enroll(effect: Effect, call: Call) -> Completed:
    """Enroll under the effect's key. An enrollment that exists already is adopted."""
    relatient = call.engagement(effect.practice)
    body = cast(EnrollBody, effect.body)
    if key_expired(effect):
        found = _made_since(effect, relatient, body)
        if found is not None:
            return _mirrored("Found.", found)
    try:
        made, span = read_with_span(lambda: relatient.enroll(body, effect.key))
        if made.status is EnrollmentStatus.ACTIVE:
            return _mirrored("Enrolled.", made, asked=body["reminder"], span=span)
        found, span = _since_begun_anew(relatient, body, made, span)
        return _mirrored("It had been made before.", found, span=span)
    except Refused as refused:
        existing = refused.existing_id
        if refused.code != ACTIVE_EXISTS or not existing:
            raise
    record, span = read_with_span(lambda: relatient.read_enrollment(existing))
    return _mirrored("Adopted.", record, span=span)


def _since_begun_anew(
    relatient: EngagementGateway, body: EnrollBody, ended: EnrollmentRecord, span: ReadSpan
) -> tuple[EnrollmentRecord, ReadSpan]:
    """The visit's active enrollment, where the answer to an earlier request shows one that has
    ended.

    A database that was lost and restored may have made it.
    """
    rows, listed = read_with_span(lambda: relatient.list_enrollments(body["patient"]))
    for record in rows:
        same_visit = record.appointment_external_id == ended.appointment_external_id
        if same_visit and record.status is EnrollmentStatus.ACTIVE:
            return record, listed
    return ended, span


def _made_since(
    effect: Effect, relatient: EngagementGateway, body: EnrollBody
) -> EnrollmentRecord | None:
    """The newest enrollment of this appointment, which an attempt of long ago may have made."""
    since = effect.first_attempt_at
    appointment = body["reminder"]["visit"]["appointment"]
    for record in relatient.list_enrollments(body["patient"]):
        recent = since is not None and record.created_at >= since - timedelta(minutes=5)
        if record.appointment_external_id == appointment and recent:
            return record
    return None


def update(effect: Effect, call: Call) -> Completed:
    """Replace the reminder's details; idempotent."""
    reminder = cast(ReminderBody, effect.body["reminder"])
    relatient = call.engagement(effect.practice)
    vendor_id = _vendor_id(effect)
    return _changing(
        relatient,
        vendor_id,
        "Updated.",
        lambda: relatient.update_enrollment(vendor_id, reminder),
        asked=reminder,
    )


def cancel(effect: Effect, call: Call) -> Completed:
    """End it; idempotent, and one that has completed stays completed."""
    reason = CancelReason(effect.body["reason"])
    relatient = call.engagement(effect.practice)
    vendor_id = _vendor_id(effect)
    return _changing(
        relatient,
        vendor_id,
        "Ended.",
        lambda: relatient.cancel_enrollment(vendor_id, reason),
        reason,
    )


def read(effect: Effect, call: Call) -> Completed:
    """Read it as it is now."""
    relatient = call.engagement(effect.practice)
    vendor_id = _vendor_id(effect)
    return _changing(relatient, vendor_id, "Read.", lambda: relatient.read_enrollment(vendor_id))


def _vendor_id(effect: Effect) -> str:
    assert effect.enrollment is not None
    return effect.enrollment.vendor_id


def _changing(
    relatient: EngagementGateway,
    vendor_id: str,
    sentence: str,
    change: Callable[[], EnrollmentRecord],
    reason: CancelReason | None = None,
    asked: ReminderBody | None = None,
) -> Completed:
    """Make a change; if the enrollment is not active or not there, store how it is instead."""
    try:
        record, span = read_with_span(change)
        return _mirrored(sentence, record, reason, asked, span)
    except Refused as refused:
        if refused.code not in (NOT_FOUND, NOT_ACTIVE):
            raise
    began = database_now()
    try:
        record, span = read_with_span(lambda: relatient.read_enrollment(vendor_id))
        return _mirrored("It had ended before.", record, reason, span=span)
    except Refused as refused:
        if refused.code != NOT_FOUND:
            raise
    unknown = ReadSpan(began, database_now())
    return Completed(
        "Relatient does not know it any more.",
        lambda effect, now: gone(_enrollment(effect), now, unknown),
    )


def _mirrored(
    sentence: str,
    record: EnrollmentRecord,
    reason: CancelReason | None = None,
    asked: ReminderBody | None = None,
    span: ReadSpan | None = None,
) -> Completed:
    def apply(effect: Effect, now: datetime) -> None:
        enrollment = _enrollment(effect)
        if reason is not None:
            enrollment.end_reason = reason
        # New details are a new debt, whatever became of an earlier one.
        if effect.kind == EffectKind.UPDATE_ENROLLMENT:
            enrollment.resend_dropped = False
        mirror(enrollment, record, now, asked, span)

    return Completed(sentence, apply)


def _enrollment(effect: Effect) -> Enrollment:
    """Read afresh under the lock: the effect's own copy is older."""
    assert effect.enrollment is not None
    return (
        Enrollment.objects.select_for_update(of=("self",))
        .select_related("practice", "appointment", "patient")
        .get(pk=effect.enrollment.pk)
    )
