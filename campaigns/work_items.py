"""Opening and closing work items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.context import acting_as, current_actor
from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.effects import WorkItemWanted
from campaigns.domain.values import AUTOMATIC_ITEMS, ITEMS_OF_A_START, PASSING_ITEMS, WorkItemKind
from campaigns.models import Appointment, Response, WorkItem

# What an item was opened for, in its details; once a person closed it, it is not opened for that
# again.
_OCCASION = "occasion"


def open_item(
    appointment: Appointment,
    kind: WorkItemKind,
    sentence: str,
    now: datetime,
    response: Response | None = None,
    details: dict[str, Any] | None = None,
) -> WorkItem:
    """Open an item unless the same one is open (or, for a response or an occasion that the details
    name, was opened before).
    """
    known = WorkItem.objects.filter(appointment=appointment, kind=kind, response=response)
    occasion = (details or {}).get(_OCCASION)
    if occasion:
        before = (row for row in known if (row.details or {}).get(_OCCASION) == occasion)
        item = next(before, None) or known.filter(closed_at__isnull=True).first()
    elif response is None:
        item = known.filter(closed_at__isnull=True).first()
    else:
        item = known.first()
    if item is not None:
        return item
    item = WorkItem.objects.create(
        practice=appointment.practice,
        appointment=appointment,
        response=response,
        kind=kind,
        sentence=sentence[:300],
        details=details,
        opened_at=now,
    )
    audit_row("work_item.opened", item, kind=str(item.kind))
    return item


def close_item(item: WorkItem, now: datetime) -> None:
    """Close an item in the name of whoever acts."""
    item.closed_at, item.closed_by = now, current_actor().name
    item.save(update_fields=["closed_at", "closed_by"])
    audit_row("work_item.closed", item, kind=str(item.kind))


def close_work_item(item: WorkItem, user: Any) -> bool:
    """Close an item that a person dealt with; False when it was closed, or closes by itself."""
    with transaction.atomic(), acting_as(user=user):
        current = WorkItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if current.closed_at is not None or current.kind in AUTOMATIC_ITEMS:
            return False
        close_item(current, database_now())
        return True


def settle_items(
    appointment: Appointment, wanted: Iterable[WorkItemWanted], now: datetime, *, closed: bool
) -> None:
    """Open the items that a look asks for; close automatic ones that it no longer asks for, and
    those that have no object any more. `closed` says that the visit is over, in whatever way.
    """
    items = list(wanted)
    # First, since what is asked for another occasion takes the place of what is open.
    _leave(appointment, {item.kind: item.occasion for item in items}, now)
    for item in items:
        response = Response.objects.get(pk=item.response_id) if item.response_id else None
        details = {_OCCASION: item.occasion} if item.occasion else None
        open_item(appointment, item.kind, item.sentence, now, response, details)
    asked = {(item.kind, item.response_id) for item in items}
    of_a_start = appointment.work_items.filter(kind__in=ITEMS_OF_A_START, closed_at__isnull=True)
    for row in of_a_start.select_related("response"):
        if (row.kind, row.response_id) not in asked and (closed or _moved_since(row, appointment)):
            close_item(row, now)


def _leave(appointment: Appointment, occasions: Mapping[str, str], now: datetime) -> None:
    """Close the items that leave by themselves and are asked for no more; `occasions` has what is
    asked for. No person has seen to these, so the same occasion may open one again.
    """
    leaving = Q(response__isnull=True, kind__in=AUTOMATIC_ITEMS) | Q(kind__in=PASSING_ITEMS)
    for row in appointment.work_items.filter(leaving, closed_at__isnull=True):
        occasion = row.details.get(_OCCASION, "") if isinstance(row.details, dict) else ""
        if occasions.get(row.kind) == occasion:
            continue
        if occasion:
            row.details = None
            row.save(update_fields=["details"])
        close_item(row, now)


def about_start(appointment: Appointment) -> dict[str, Any]:
    """The details of an item that is about the present start of its visit."""
    starts_at = appointment.starts_at
    return {"starts_at": starts_at.isoformat() if starts_at else ""}


def _moved_since(item: WorkItem, appointment: Appointment) -> bool:
    """Whether the visit has another start than the one that the item is about, if that is known."""
    if item.response is not None:
        about = item.response.told_starts_at
        return about is not None and about != appointment.starts_at
    stored: str = (item.details or {}).get("starts_at", "")
    return bool(stored) and datetime.fromisoformat(stored) != appointment.starts_at


def close_failed_writes(response: Response, now: datetime) -> None:
    """Close the items about a failed chart write: the answer has reached the chart after all."""
    for item in WorkItem.objects.filter(
        response=response, kind=WorkItemKind.CHART_WRITE_FAILED, closed_at__isnull=True
    ):
        close_item(item, now)
