"""Who was shown which patients: the audit events of reading, printing and exporting."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.context import acting_as
from audit.recorder import record as audit
from campaigns.models import Appointment


def page_viewed(page: str, appointment: Appointment, user: Any, *, others: int = 0) -> None:
    """Somebody read a page about one patient, on which so many others were named, too."""
    named = {"others": others} if others else {}
    with transaction.atomic(), acting_as(user=user):
        _audit("page.viewed", appointment, ("appointment", appointment.pk), page=page, **named)


def list_viewed(page: str, practice: str, rows: int, user: Any) -> None:
    """Somebody read a page that lists patients of a practice (by athenahealth's id)."""
    with transaction.atomic(), acting_as(user=user):
        audit("page.viewed", practice=practice, detail={"page": page, "rows": rows})


def list_disclosed(action: str, practice: str, rows: int, user: Any) -> None:
    """Somebody takes patients out of Kept: on paper (worklist.printed) or as a file.

    `practice` is athenahealth's id. Who was on the list is not repeated here.
    """
    with transaction.atomic(), acting_as(user=user):
        audit(action, practice=practice, detail={"rows": rows})


def _audit(action: str, row: Appointment, subject: tuple[str, object], **detail: object) -> None:
    audit(
        action,
        practice=row.practice.external_id,
        subject=subject,
        appointment=row.external_id,
        patient=row.patient.external_id,
        detail=detail,
    )
