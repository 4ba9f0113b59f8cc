"""Who waits for a slot that has opened, as the desk calls them; names and numbers as of now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.models import Patient, Practice, WorkItem
from campaigns.phone_calls.contact import PhoneContact, contact_of

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_PRIORITIES = {"high": "High priority", "low": "Low priority"}


@dataclass(frozen=True)
class Candidate:
    """One who waits. `contact` is None while Kept has not read their record."""

    patient: str
    contact: PhoneContact | None
    priority: str
    when: str
    note: str


People = Mapping[str, Patient]


def people_on(items: Iterable[WorkItem], practice: Practice) -> People:
    """The patients named on these items by athenahealth's number: one query, or none."""
    ids = {str(entry["patient"]) for item in items for entry in item.details or []}
    if not ids:
        return {}
    rows = Patient.objects.filter(practice=practice, external_id__in=ids)
    return {row.external_id: row.merged_into or row for row in rows.select_related("merged_into")}


def candidates_on(
    item: WorkItem, people: People, *, confidential: bool
) -> tuple[Candidate, ...] | None:
    """The people whom the slot suits, in the order of calling; None while the list was not read."""
    if item.details is None:
        return None
    slot = item.appointment
    practice, day = slot.practice, slot.local_start.date()
    age = practice.majority_at(slot.department_external_id)
    found = []
    for entry in item.details:
        patient = people.get(str(entry["patient"]))
        if patient is not None and not patient.active:
            continue
        known = patient is not None and patient.record is not None
        contact = None
        if patient is not None and known:
            contact = contact_of(patient, practice, day, age, confidential=confidential)
        found.append(_candidate(entry, contact))
    return tuple(found)


def _candidate(entry: Mapping[str, Any], contact: PhoneContact | None) -> Candidate:
    return Candidate(
        patient=str(entry["patient"]),
        contact=contact,
        priority=_PRIORITIES.get(entry["priority"], ""),
        when=f"{_days(entry['days'])}, {_hours(entry['hour_from'], entry['hour_to'])}",
        note=entry["note"],
    )


def _days(days: Iterable[int]) -> str:
    named = [_DAYS[day - 1] for day in days]
    if not named or len(named) == len(_DAYS):
        return "Any day"
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def _hours(first: int | None, last: int | None) -> str:
    if first is not None and last is not None:
        return f"starting between {_oclock(first)} and {_oclock(last)}"
    if first is not None:
        return f"starting at {_oclock(first)} or later"
    return "any time" if last is None else f"starting at {_oclock(last)} or earlier"


def _oclock(hour: int) -> str:
    return f"{(hour - 1) % 12 + 1} {'AM' if hour % 24 < 12 else 'PM'}"
