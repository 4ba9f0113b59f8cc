"""Who waits for a slot like the one that has opened: kept on the desk's work item."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit.recorder import record as audit
from campaigns.domain.values import WorkItemKind
from campaigns.domain.waitlist_match import Slot, Waiting, candidates
from campaigns.execution.handlers.call import Call, Done
from campaigns.models import Appointment, Effect


def waitlist(effect: Effect, call: Call) -> Done:
    """Read the whole waitlist, and keep those whom the slot suits."""
    entries = call.ehr(effect.practice).read_waitlist()
    return Done(f"{len(entries)} on the waitlist.", lambda row, now: _keep(row, entries, now))


def _keep(effect: Effect, entries: Sequence[Waiting], now: datetime) -> None:
    """The look that asked has opened the item; one that is closed by now is not opened again.

    Names and numbers are not kept: the page reads the patients' records as they are then.
    """
    row = effect.appointment
    assert row is not None
    fitting = candidates(_slot(row), entries)
    row.work_items.filter(kind=WorkItemKind.OPEN_SLOT, response=effect.response_id).update(
        details=[_noted(entry) for entry in fitting]
    )
    audit(
        "waitlist.read",
        practice=row.practice.external_id,
        subject=("appointment", row.pk),
        appointment=row.external_id,
        detail={"waiting": len(entries), "fitting": len(fitting)},
    )


def _slot(row: Appointment) -> Slot:
    return Slot(
        patient=row.patient.external_id,
        type_id=row.type_external_id,
        department_id=row.department_external_id,
        provider_ids=tuple(row.provider_external_ids),
        local_start=row.local_start,
    )


def _noted(entry: Waiting) -> dict[str, Any]:
    return {
        "patient": entry.patient_external_id,
        "priority": entry.priority,
        "days": list(entry.days),
        "hour_from": entry.hour_from,
        "hour_to": entry.hour_to,
        "note": entry.note,
    }
