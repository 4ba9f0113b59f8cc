"""Reads of athenahealth: executed like any effect, stored, and leading to the next look.

Beside the past visits and a visit as it is now: the link to a video visit, which athenahealth
gives out on the day of the visit only, and who waits for a slot like the one that has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.effects import JOIN_LINK, WAITLIST
from campaigns.domain.values import WorkItemKind
from campaigns.domain.waitlist_match import Slot, Waiting, candidates
from campaigns.execution.handlers.call import Call, Completed, read_with_span
from campaigns.intake.chart import (
    disbelieve_appointment,
    miss_appointment,
    take_appointment,
    take_history,
)
from campaigns.models import Appointment, Effect
from campaigns.ports import NOT_FOUND, Refused, Unreadable
from campaigns.vendor_records import ReadSpan


def history(effect: Effect, call: Call) -> Completed:
    """Read the patient's visits of the risk window, cancelled ones included."""
    ehr = call.ehr(effect.practice)
    first, last = (date.fromisoformat(effect.body[name]) for name in ("first", "last"))
    rows, span = read_with_span(lambda: list(ehr.read_history(effect.body["patient"], first, last)))
    assert effect.patient is not None
    known = effect.patient
    return Completed(
        f"{len(rows)} visits read.", lambda row, now: take_history(known, rows, span, row.priority)
    )


def appointment(effect: Effect, call: Call) -> Completed:
    """What the purpose asks about an appointment; without one of its own, the row as it is now."""
    return _ABOUT.get(effect.purpose, _visit)(effect, call)


def _visit(effect: Effect, call: Call) -> Completed:
    """The row as it is now; that it cannot be understood, or is not there, is an answer too."""
    ehr, asked, began = call.ehr(effect.practice), effect.body["appointment"], database_now()
    try:
        record = ehr.read_appointment(asked)
    except Unreadable as unread:
        span, what = ReadSpan(began, database_now()), unread.what
        return Completed(
            unread.sentence,
            lambda row, now: disbelieve_appointment(row.practice, asked, what, span, row.priority),
        )
    except Refused as refused:
        if refused.code != NOT_FOUND:
            raise
        gone = ReadSpan(began, database_now())
        return Completed(
            refused.sentence,
            lambda row, now: miss_appointment(row.practice, asked, gone, row.priority),
        )
    span = ReadSpan(began, database_now())
    return Completed(
        "Read.", lambda row, now: take_appointment(row.practice, record, span, row.priority)
    )


def join_link(effect: Effect, call: Call) -> Completed:
    """Ask for today's link; that there is none is an answer too."""
    link = call.ehr(effect.practice).read_join_link(effect.body["appointment"])
    sentence = "The link is there." if link else "athenahealth has no link for this visit today."
    return Completed(sentence, lambda row, now: _keep_join_link(row, link, now))


def _keep_join_link(effect: Effect, link: str, now: datetime) -> None:
    """Store the link encrypted, since whoever has it can join; the audit says only whether there is
    one.
    """
    row = effect.appointment
    assert row is not None
    row.join_url, row.join_read_at = link, now
    row.save(update_fields=["join_url", "join_read_at"])
    audit_row("appointment.join_link_read", row, found=bool(link))


def waitlist(effect: Effect, call: Call) -> Completed:
    """Read the whole waitlist, and keep those whom the slot suits."""
    entries = call.ehr(effect.practice).read_waitlist()
    return Completed(
        f"{len(entries)} on the waitlist.", lambda row, now: _keep_waitlist(row, entries, now)
    )


def _keep_waitlist(effect: Effect, entries: Sequence[Waiting], now: datetime) -> None:
    """Store the fitting entries on the work item, unless somebody has closed it since the look
    opened it.

    Names and numbers are not stored: the page reads the patients' records as they are then.
    """
    row = effect.appointment
    assert row is not None
    fitting = candidates(_slot(row), entries)
    row.work_items.filter(kind=WorkItemKind.OPEN_SLOT, response=effect.response_id).update(
        details=[_noted(entry) for entry in fitting]
    )
    audit_row("waitlist.read", row, waiting=len(entries), fitting=len(fitting))


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


_ABOUT: dict[str, Callable[[Effect, Call], Completed]] = {JOIN_LINK: join_link, WAITLIST: waitlist}
