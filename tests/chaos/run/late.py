"""Requests that a vendor carried out after their caller had given up: whom they concern."""

from __future__ import annotations

from typing import Any

from tests.scenarios.machine_oracle import roots

Row = dict[str, Any]


def touched_late(state: Row) -> set[str]:
    """Visits (their whole chain), patients and enrollments that a late request changed."""
    named = {name for entry in state["late"] for name in _named(entry)}
    of_enrollment = {
        one["id"]: _last(one["appointment"]["external_id"])
        for one in state["relatient"]["enrollments"]
    }
    of_record = {one["id"]: _last(one["external_id"]) for one in state["relatient"]["patients"]}
    named |= {of_enrollment.get(name, name) for name in named}
    named |= {of_record.get(name, name) for name in named}
    root = roots(state)
    chains = {root[name] for name in named if name in root}
    rows = state["athena"]["appointments"]
    theirs = {row["appointmentid"] for row in rows if row.get("patientid") in named}
    return named | theirs | {visit for visit, last in root.items() if last in chains}


def _named(entry: Row) -> list[str]:
    values = [*entry["subjects"].values(), *(one["id"] for one in entry["states"])]
    return [_last(str(value)) for value in values]


def _last(external_id: str) -> str:
    return external_id.rpartition(":")[2]
