"""Who was shown which patients: the audit events of reading, printing and exporting."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.context import acting_as
from audit.recorder import audit_row
from audit.recorder import record as audit
from campaigns.models import Appointment


def page_viewed(page: str, appointment: Appointment, user: Any, *, others: int = 0) -> None:
    """Audit that somebody read a page about one patient, on which `others` more patients were
    named.
    """
    named = {"others": others} if others else {}
    with transaction.atomic(), acting_as(user=user):
        audit_row("page.viewed", appointment, page=page, **named)


def list_viewed(page: str, practice: str, rows: int, user: Any) -> None:
    """Audit that somebody read a page that lists patients; `practice` is athenahealth's id."""
    with transaction.atomic(), acting_as(user=user):
        audit("page.viewed", practice=practice, detail={"page": page, "rows": rows})


def list_disclosed(action: str, practice: str, rows: int, user: Any) -> None:
    """Audit that somebody takes patients out of Kept: on paper (worklist.printed) or as a file.

    `practice` is athenahealth's id. The event does not repeat who was on the list.
    """
    with transaction.atomic(), acting_as(user=user):
        audit(action, practice=practice, detail={"rows": rows})
