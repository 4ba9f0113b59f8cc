"""The vendor's events: what patients do with reminders, what becomes of what was sent."""

from datetime import datetime
from typing import Any

from .store import Record, Store
from .times import instant

RESPONSES = ["confirmed", "cancelled", "reschedule_requested", "unrecognized"]
CONSENTS = ["opted_out", "opted_in"]


def answer(
    store: Store,
    enrollment: Record,
    kind: str,
    now: datetime,
    *,
    text: str = "",
    starts_at: str = "",
    occurred_at: str = "",
) -> Record:
    """A reply about `starts_at`: the time this patient was told, which may be an older one."""
    return store.emit(
        f"response.{kind}",
        now,
        occurred_at=occurred_at or instant(now),
        enrollment_id=enrollment["id"],
        patient_external_id=store.patients[enrollment["patient_id"]]["external_id"],
        appointment_external_id=enrollment["appointment"]["external_id"],
        appointment_starts_at=starts_at or enrollment["appointment"]["starts_at"],
        channel=enrollment["lead_channel"],
        **({"raw_text": text} if text else {}),
    )


def consent(
    store: Store, patient: Record, channel: str, kind: str, now: datetime, **more: Any
) -> Record:
    """STOP and its like. The vendor stops sending on that channel and ends nothing."""
    store.set_consent(patient, channel, kind)
    return store.emit(
        f"consent.{kind}", now, patient_external_id=patient["external_id"], channel=channel, **more
    )


def message_outcome(
    store: Store, message: Record, status: str, now: datetime, reason: str | None = None
) -> Record:
    message |= {"status": status, "reason": reason}
    fields = {"enrollment_id": message["enrollment_id"]} if message["enrollment_id"] else {}
    return store.emit(f"message.{status}", now, channel=message["channel"], **fields)


def complete(store: Store, enrollment: Record, now: datetime) -> Record:
    """The last step was sent."""
    store.end_enrollment(enrollment, "completed", "last_step_sent", now)
    return store.emit("enrollment.completed", now, enrollment_id=enrollment["id"])


def complete_finished(store: Store, now: datetime) -> None:
    for enrollment in store.enrollments.values():
        if enrollment["status"] == "active" and store.last_step_due(enrollment) <= now:
            complete(store, enrollment, now)
