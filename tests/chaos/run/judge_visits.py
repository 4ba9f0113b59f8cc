"""Invariants 1 to 3: what Relatient held over time, and what it holds at rest.

What should be held is worked out by tests/scenarios/machine_oracle.py, from the vendors' books
and the architecture's tables, without any of the product's code.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from tests.chaos.run.journal import ENROLLMENT, Entry, Journal, visit_of
from tests.chaos.run.verdict import Violation, evidence
from tests.scenarios.clinic import RULES
from tests.scenarios.machine_oracle import (
    Mapping,
    Rule,
    Wanted,
    is_child,
    reached_at,
    roots,
    start_of,
    wanted,
)

Row = dict[str, Any]
MAPPING = Mapping([Rule(*line) for line in RULES])


def never_two_at_once(journal: Journal, state: Row) -> list[Violation]:
    """Invariant 1, at every moment of the run, within a chain of reschedules too."""
    root = roots(state)
    active: dict[str, dict[str, Entry]] = {}
    found = []
    for entry in journal.of(ENROLLMENT):
        visit = visit_of(entry.data)
        held = active.setdefault(root[visit], {})
        if entry.data["status"] != "active":
            held.pop(entry.subject, None)
            continue
        held[entry.subject] = entry
        if len(held) > 1 and entry.data["how"] == "made":
            both = ", ".join(held)
            chain = sorted({visit_of(one.data) for one in held.values()})
            lines = [line for one in chain for line in evidence(journal, one)]
            found.append(Violation(1, visit, f"active at the same time: {both} of {chain}", lines))
    return found


def at_rest(journal: Journal, state: Row) -> list[Violation]:
    """Invariants 2 and 3, visit by visit."""
    books = with_survivors(state)
    now = datetime.fromisoformat(state["now"])
    held: dict[str, list[Row]] = {}
    for enrollment in state["relatient"]["enrollments"]:
        held.setdefault(visit_of(enrollment), []).append(enrollment)
    found = []
    for row in books["athena"]["appointments"]:
        if not row.get("patientid"):
            continue
        visit = row["appointmentid"]
        verdict = wanted(books, MAPPING, None, row, now)
        problem = _judge(books, row, held.get(visit, []), verdict)
        if problem:
            invariant, what = problem
            lines = evidence(journal, visit, f"should be: {verdict}", f"chart: {row}")
            found.append(Violation(invariant, visit, what, lines))
    return found


def with_survivors(state: Row) -> Row:
    """The books, in which a consent of a merged patient counts as the survivor's."""
    merged = state["athena"]["merged_patients"]
    events = deepcopy(state["relatient"]["events"])
    for event in events:
        prefix, _, patient = event.get("patient_external_id", "").rpartition(":")
        while patient in merged:
            patient = merged[patient]
        if prefix:
            event["patient_external_id"] = f"{prefix}:{patient}"
    return state | {"relatient": state["relatient"] | {"events": events}}


def _judge(state: Row, row: Row, held: list[Row], verdict: Wanted) -> tuple[int, str] | None:
    active = [e for e in held if e["status"] == "active"]
    if len(active) > 1:
        return 1, "two active enrollments at rest"
    if not verdict.campaigns and not verdict.unsure:
        return (2, f"active, though {verdict.why_not}") if active else None
    if active:
        problem = _details(state, row, active[0], verdict)
        return (3, problem) if problem else None
    if verdict.unsure or verdict.optional:
        return None
    if any(_was_for(e, row, verdict) for e in held):
        return None
    return 3, "not enrolled, but it should be"


def _was_for(enrollment: Row, row: Row, verdict: Wanted) -> bool:
    """Completed for the present start and route."""
    return (
        enrollment["status"] == "completed"
        and enrollment["campaign_id"] in verdict.campaigns
        and datetime.fromisoformat(enrollment["appointment"]["starts_at"]) == start_of(row)
    )


def _details(state: Row, row: Row, held: Row, verdict: Wanted) -> str:
    """In what an active enrollment differs from the chart."""
    visit, start = held["appointment"], start_of(row)
    told = [m for m in state["relatient"]["messages"] if m["enrollment_id"] == held["id"]]
    told = [m for m in told if m["step"] == "initial"]
    recipient = held["recipient"]
    patient = next(p for p in state["athena"]["patients"] if p["patientid"] == row["patientid"])
    differs = {
        "enrolled for another start": datetime.fromisoformat(visit["starts_at"]) != start,
        "enrolled with another provider": not visit["provider_external_id"].endswith(
            f":{row['providerid']}"
        ),
        "the patient was told another start last": datetime.fromisoformat(told[-1]["starts_at"])
        != start,
    }
    if not verdict.unsure:
        channels = verdict.campaigns.get(held["campaign_id"], set())
        differs |= {
            "enrolled in another campaign": held["campaign_id"] not in verdict.campaigns,
            "other channels": set(held["channels_allowed"]) != channels,
            "another recipient": recipient["kind"]
            != ("guardian" if is_child(patient) else "patient"),
            "an old number or address": (recipient.get("mobile_phone"), recipient.get("email"))
            != reached_at(patient, start),
        }
    return next((what for what, so in differs.items() if so), "")
