"""What people at the desk tell Kept: how a call went, and that a work item is dealt with."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db import transaction

from audit.context import acting_as
from audit.recorder import record as audit
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.values import STANDING_ITEMS, ReplyKind
from campaigns.models import PROMPT, Appointment, Response, WorkItem
from campaigns.services.locks import lock_appointments, lock_patient
from campaigns.services.looks_due import look_at
from campaigns.services.workitems import close_item

# What a call can end with; the other kinds of answer are the patient's own.
CALLED = frozenset({ReplyKind.CONFIRMED, ReplyKind.CANCELLED, ReplyKind.LEFT_VOICEMAIL})


class MovedMeanwhile(Exception):
    """The visit no longer starts when the caller said it does: nothing was recorded."""


def record_call(
    appointment: Appointment,
    kind: ReplyKind,
    user: Any,
    *,
    form: UUID | None = None,
    seen: datetime | None = None,
) -> Response | None:
    """Record how a call about a visit went; None when this very press was recorded before.

    `form` is the form that was sent: the same button of the same form counts once, however often
    it arrives. `seen` is the start that the page showed; MovedMeanwhile when it is another now.
    """
    if kind not in CALLED:
        raise ValueError(f"A call cannot end with {kind.value}.")
    with transaction.atomic(), acting_as(user=user):
        lock_patient(appointment.patient_id)
        current = lock_appointments([appointment.pk])[appointment.pk]
        if seen is not None and seen != current.starts_at:
            raise MovedMeanwhile
        now = database_now()
        response, created = Response.objects.get_or_create(
            practice_id=current.practice_id,
            event_id=_event_id(form, current, kind),
            defaults={
                "appointment": current,
                "patient_id": current.patient_id,
                "kind": kind,
                "told_starts_at": current.starts_at,
                "occurred_at": now,
                "received_at": now,
                "given_by": user,
            },
        )
        if not created:
            return None
        look_at(current, now, PROMPT)
        _say("response.received", current, ("response", response.pk), kind=kind.value, by="staff")
        doorbell.ring()
        return response


def _event_id(form: UUID | None, appointment: Appointment, kind: ReplyKind) -> str:
    """One id per form, visit and button, so that another button of the same form still counts."""
    if form is None:
        return f"staff-{uuid4()}"
    return f"staff-{uuid5(NAMESPACE_URL, f'{form}/{appointment.pk}/{kind.value}')}"


def close_work_item(item: WorkItem, user: Any) -> bool:
    """Close an item that a person dealt with; False when it was closed, or closes by itself."""
    with transaction.atomic(), acting_as(user=user):
        current = WorkItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if current.closed_at is not None or current.kind in STANDING_ITEMS:
            return False
        close_item(current, database_now())
        return True


def page_viewed(page: str, appointment: Appointment, user: Any, *, others: int = 0) -> None:
    """Somebody read a page about one patient, on which so many others were named, too."""
    named = {"others": others} if others else {}
    with transaction.atomic(), acting_as(user=user):
        _say("page.viewed", appointment, ("appointment", appointment.pk), page=page, **named)


def list_viewed(page: str, practice: str, rows: int, user: Any) -> None:
    """Somebody read a page that lists patients of a practice (by athenahealth's id)."""
    with transaction.atomic(), acting_as(user=user):
        audit("page.viewed", practice=practice, detail={"page": page, "rows": rows})


def _say(action: str, row: Appointment, subject: tuple[str, object], **detail: object) -> None:
    audit(
        action,
        practice=row.practice.external_id,
        subject=subject,
        appointment=row.external_id,
        patient=row.patient.external_id,
        detail=detail,
    )
