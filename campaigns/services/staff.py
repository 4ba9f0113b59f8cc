"""What people do with the pages: they deal with work items, and they read about patients.

How a call went is in services/calls.py, who is calling in services/claims.py.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.context import acting_as
from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.values import STANDING_ITEMS
from campaigns.models import Appointment, WorkItem
from campaigns.services.workitems import close_item


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


def list_disclosed(action: str, practice: str, rows: int, user: Any) -> None:
    """Somebody takes patients out of Kept: on paper (worklist.printed) or as a file.

    `practice` is athenahealth's id. Who was on the list is not repeated here.
    """
    with transaction.atomic(), acting_as(user=user):
        audit(action, practice=practice, detail={"rows": rows})


def _say(action: str, row: Appointment, subject: tuple[str, object], **detail: object) -> None:
    audit(
        action,
        practice=row.practice.external_id,
        subject=subject,
        appointment=row.external_id,
        patient=row.patient.external_id,
        detail=detail,
    )
