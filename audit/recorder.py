"""The one way to write an audit event."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import connections, router

from audit.context import current, current_actor
from audit.models import AuditEvent
from audit.redaction import redacted

# Where a word begins in the name of a class.
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class AuditOutsideTransaction(RuntimeError):
    """An audit event must stand or fall with the change it describes."""


def record(
    action: str,
    *,
    practice: str,
    subject: tuple[str, object] | None = None,
    appointment: str = "",
    patient: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event, in the caller's transaction and in the name of the current actor.

    `practice`, `appointment` and `patient` are the chart's own numbers as text; an empty practice
    means that the event belongs to none. `subject` is the kind and id of one of our rows.
    """
    _require_transaction()
    actor = current_actor()
    context = current()
    kind, identity = subject or ("", "")
    return AuditEvent.objects.create(
        practice=practice,
        actor_kind=actor.kind,
        actor=actor.name,
        action=action,
        subject_kind=kind,
        subject_id=str(identity),
        appointment_id=appointment,
        patient_id=patient,
        request_id=context.request_id,
        source_ip=context.source_ip,
        detail=redacted(detail or {}),
    )


def audit_row(action: str, row: Any, /, **detail: Any) -> AuditEvent:
    """Write one event about a row, whose practice, appointment and patient it says by itself.

    The kind of subject is the model's name, or what the model says in `audit_kind`.
    """
    name = _WORD.sub("_", type(row).__name__).lower()
    appointment = row if name == "appointment" else getattr(row, "appointment", None)
    patient = row if name == "patient" else getattr(row, "patient", None)
    if patient is None and appointment is not None:
        patient = appointment.patient
    return record(
        action,
        practice=(row if name == "practice" else row.practice).external_id,
        subject=(getattr(row, "audit_kind", name), row.pk),
        appointment=appointment.external_id if appointment is not None else "",
        patient=patient.external_id if patient is not None else "",
        detail=detail,
    )


def _require_transaction() -> None:
    if not connections[router.db_for_write(AuditEvent)].in_atomic_block:
        raise AuditOutsideTransaction("Open transaction.atomic() around the change and its event.")
