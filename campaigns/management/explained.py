"""One appointment's explanation for people: why it is as it is, then what happened, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from campaigns.appointments.decision_reason import why
from campaigns.appointments.timeline import entries_of
from campaigns.domain.coverage import Code
from campaigns.domain.values import EnrollmentStatus
from campaigns.labels import ENROLLMENTS, finding
from campaigns.models import Appointment

Report = Mapping[str, Any]


def lines_of(appointment: Appointment, report: Report) -> Iterator[str]:
    """The visit, the ledger's sentence, why, and the chain of what led there."""
    visit, coverage, decisions = report["appointment"], report["coverage"], report["decisions"]
    yield f"Appointment {visit['id']}, {visit['status']}, {when(visit['starts_at'])}"
    yield f"{coverage['state']} / {coverage['code']}: {coverage['sentence']}"
    if "problem" in coverage:
        yield coverage["problem"]
    if decisions:
        yield from _in_short(decisions[-1])
        yield "Why:"
        yield from _findings(decisions[-1]["findings"])
    yield from (f"Moved: {_neighbour(other)}" for other in report["lineage"])
    yield from (f"Reminders: {_reminders(one)}" for one in report["enrollments"])
    yield "What happened:"
    yield from _happened(appointment)


def _in_short(decision: Report) -> Iterator[str]:
    """The sentence that the visit's page begins with."""
    found = [(f["filter"], f["saw"], f["concluded"]) for f in decision["findings"]]
    sentence = why(Code(decision["code"]), decision["campaign"], found, {})
    if sentence:
        yield sentence


def when(moment: datetime | None) -> str:
    """A time for people, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "time unknown"


def _happened(appointment: Appointment) -> Iterator[str]:
    """The lines of the visit's page, without the names of people and without what they wrote."""
    known: tuple[tuple[str, ...], ...] = ()
    for entry in entries_of(appointment, {}, "UTC", named=False):
        badge = f" ({entry.badge.lower()})" if entry.badge else ""
        sentence = f": {entry.sentence}" if entry.sentence else ""
        yield f"{when(entry.at)}  {entry.title}{badge}{sentence}"
        details = entry.details
        if entry.kind == "decision":
            # Only what the decision before it did not find.
            known, details = details, tuple(one for one in details if one not in known)
        yield from (f"    {' | '.join(filter(None, one))}" for one in details)


def _findings(rows: Iterable[Report]) -> Iterator[str]:
    for row in rows:
        name, saw, concluded = finding(row["filter"], row["saw"], row["concluded"], {})
        yield f"    {name}: {saw} -> {concluded}"


def _neighbour(row: Report) -> str:
    how = "it replaced" if row["is"] == "replaced_by_this" else "it was replaced by"
    return f"{how} {row['id']}, {row['status']}, {row['code']}"


def _reminders(row: Report) -> str:
    status = ENROLLMENTS[EnrollmentStatus(row["status"])]
    ended = f" {when(row['ended_at'])}" if row["ended_at"] else ""
    why = f" ({row['end_reason']})" if row["end_reason"] else ""
    elsewhere = ", by somebody at Relatient" if row["ended_elsewhere"] else ""
    return f"{row['campaign']}, {status}{ended}{why}{elsewhere}"
