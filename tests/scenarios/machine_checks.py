"""The invariants of the architecture, read off the vendors' books once the loop is idle."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

from campaigns.models import Appointment, Effect, Response
from tests.scenarios.machine_oracle import (
    CONFIRMED,
    Mapping,
    Wanted,
    is_child,
    reached_at,
    roots,
    start_of,
    wanted,
)

Row = dict[str, Any]
# Refusals that a patient's own change between two reads may cause, and that then stand.
HELD = "held_for_approval"
MAY_BE_REFUSED = {"opted_out", "no_reachable_channel"}


def read_instant(text: str) -> datetime:
    """An instant as either vendor writes it."""
    return datetime.fromisoformat(text)


def appointment_of(enrollment: Row) -> str:
    """athenahealth's id in an enrollment of Relatient."""
    return str(enrollment["appointment"]["external_id"]).rpartition(":")[2]


def booked(state: Row) -> list[Row]:
    """All rows of the chart but open slots."""
    return [row for row in state["athena"]["appointments"] if row.get("patientid")]


def never_two_at_once(state: Row) -> None:
    """Invariant 1: one after the other, and within a chain of reschedules too."""
    root = roots(state)
    by_chain: dict[str, list[Row]] = {}
    for enrollment in state["relatient"]["enrollments"]:
        by_chain.setdefault(root[appointment_of(enrollment)], []).append(enrollment)
    for chain in by_chain.values():
        ordered = sorted(chain, key=lambda e: e["id"])
        for before, after in pairwise(ordered):
            assert before["ended_at"], f"two active: {before} and {after}"
            assert before["ended_at"] <= after["created_at"], f"overlap: {before} and {after}"


def every_visit_has_what_it_should(state: Row, mapping: Mapping, instructed: Row) -> None:
    """Invariants 2 and 3, visit by visit."""
    now = read_instant(state["now"])
    for row in booked(state):
        verdict = wanted(state, mapping, instructed.get(row["appointmentid"]), row, now)
        problem = _judge(state, row, mine(state, row), verdict)
        assert not problem, f"{problem}\n{verdict}\nrow {row}\nheld {mine(state, row)}"


def mine(state: Row, row: Row) -> list[Row]:
    """Relatient's enrollments of one visit."""
    wanted_id = row["appointmentid"]
    return [e for e in state["relatient"]["enrollments"] if appointment_of(e) == wanted_id]


def _judge(state: Row, row: Row, held: list[Row], verdict: Wanted) -> str:
    active = [e for e in held if e["status"] == "active"]
    if len(active) > 1:
        return "two active enrollments"
    if not verdict.campaigns and not verdict.unsure:
        return "active, but it should not be" if active else ""
    if active:
        return _details(state, row, active[0], verdict)
    if verdict.unsure or verdict.optional or _ended_at_vendor(held):
        return ""
    return "" if any(_was_for(e, row, verdict) for e in held) else "not enrolled, but it should be"


def _ended_at_vendor(held: list[Row]) -> bool:
    newest = max(held, key=lambda e: e["id"], default=None)
    return newest is not None and newest.get("end_reason") == "ended_at_vendor"


def _was_for(enrollment: Row, row: Row, verdict: Wanted) -> bool:
    """Completed for the present start and route."""
    return (
        enrollment["status"] == "completed"
        and enrollment["campaign_id"] in verdict.campaigns
        and read_instant(enrollment["appointment"]["starts_at"]) == start_of(row)
    )


def _details(state: Row, row: Row, held: Row, verdict: Wanted) -> str:
    """Whether an active enrollment says what the chart says."""
    visit, start = held["appointment"], start_of(row)
    if read_instant(visit["starts_at"]) != start:
        return "enrolled for another start"
    if visit["provider_external_id"].rpartition(":")[2] != row["providerid"]:
        return "enrolled with another provider"
    told = [m for m in state["relatient"]["messages"] if m["enrollment_id"] == held["id"]]
    if read_instant([m for m in told if m["step"] == "initial"][-1]["starts_at"]) != start:
        return "the patient was told another start last"
    if verdict.unsure:
        return ""
    if held["campaign_id"] not in verdict.campaigns:
        return "enrolled in another campaign"
    if set(held["channels_allowed"]) != verdict.campaigns[held["campaign_id"]]:
        return "other channels"
    return _recipient(state, row, held)


def _recipient(state: Row, row: Row, held: Row) -> str:
    patient = next(p for p in state["athena"]["patients"] if p["patientid"] == row["patientid"])
    recipient = held["recipient"]
    if recipient["kind"] != ("guardian" if is_child(patient) else "patient"):
        return "another recipient"
    mobile, email = reached_at(patient, start_of(row))
    if (recipient.get("mobile_phone"), recipient.get("email")) != (mobile, email):
        return "an old number or address"
    return ""


def nothing_waits() -> None:
    """Idle: nothing on its way, nobody's coverage pending, no refusal but those that may be."""
    waiting = Effect.objects.filter(status__in=["queued", "claimed", "unknown", "parked"])
    assert not waiting.exists(), list(waiting.values("kind", "status", "code", "sentence"))
    odd = Effect.objects.filter(status="rejected").exclude(code__in=MAY_BE_REFUSED)
    assert not odd.exists(), list(odd.values("kind", "code", "sentence", "body"))
    # What waits for a person rests too.
    pending = Appointment.objects.filter(coverage_state="pending").exclude(coverage_code=HELD)
    assert not pending.exists(), list(pending.values("external_id", "coverage_code"))


def the_ledger_agrees(state: Row, *, all_known: bool = False) -> None:
    """Every visit of the chart is in the ledger, and it says enrolled where the vendor does."""
    active = {appointment_of(e) for e in state["relatient"]["enrollments"] if _is(e, "active")}
    over = {appointment_of(e) for e in state["relatient"]["enrollments"] if _is(e, "completed")}
    for row in booked(state):
        ours = Appointment.objects.get(external_id=row["appointmentid"])
        if _ended_at_vendor(mine(state, row)) and not all_known:
            # Nobody is told of that but the one who asks: `reconcile`.
            continue
        if ours.coverage_code == HELD:
            continue
        says = ours.coverage_state == "enrolled"
        allowed = {True} if ours.external_id in active else {False, ours.external_id in over}
        assert says in allowed, (ours.coverage_code, ours.external_id, sorted(active))


def _is(enrollment: Row, status: str) -> bool:
    return bool(enrollment["status"] == status)


def chart_writes(state: Row) -> Counter[tuple[str, str]]:
    """How often each appointment was written to, by what was written."""
    ours = [w for w in state["writes"] if w["vendor"] == "athenahealth"]
    # The path is the route's, without the id; the id is among the subjects.
    return Counter((w["subjects"].get("appointmentid", ""), w["path"].split("/")[-1]) for w in ours)


def the_chart_shows_the_answers(state: Row, unsettled_by_desk: set[str]) -> None:
    """Invariant 4: each applied answer once, no other at all."""
    writes, rows = chart_writes(state), {r["appointmentid"]: r for r in booked(state)}
    applied: Counter[tuple[str, str]] = Counter()
    for response in Response.objects.select_related("appointment"):
        row = rows[response.appointment.external_id]
        assert response.outcome != "pending", f"no outcome: {response.kind} about {row}"
        assert response.outcome_sentence, f"no sentence: {response.kind}"
        mark = sha256(response.event_id.encode()).hexdigest()[:10]
        marks = str(row["notes"]).count(f"(Kept-r{mark})")
        if response.outcome == "applied":
            applied[(row["appointmentid"], response.kind)] += 1
            problem = _shown(row, response.kind, marks, unsettled_by_desk)
            assert not problem, f"{problem}: answer {response.pk}, {row}"
        else:
            assert marks == 0, f"{response.outcome}, yet written: {row}"
    for name, row in rows.items():
        assert writes[(name, "cancel")] == applied[(name, "cancelled")], (
            f"cancels {writes} {applied} of {row}"
        )
        confirmed = applied[(name, "confirmed")]
        assert writes[(name, "confirmationstatus")] <= confirmed, (
            f"confirmations {writes} {applied} of {row}"
        )


def _shown(row: Row, kind: str, marks: int, unsettled_by_desk: set[str]) -> str:
    if kind == "confirmed":
        said = str(row.get("appointmentconfirmationid")) in CONFIRMED
        return "" if said or row["appointmentid"] in unsettled_by_desk else "not confirmed"
    if marks != 1:
        return f"marked {marks} times"
    if kind == "cancelled" and (row["appointmentstatus"], row["cancelreasonid"]) != ("x", "41"):
        return "not cancelled"
    return ""


def the_desk_is_told_once(state: Row) -> None:
    """One text per slot that we opened, one task per visit without a contact."""
    cancelled = {name for name, what in chart_writes(state) if what == "cancel"}
    now = read_instant(state["now"])
    far = [
        row
        for row in booked(state)
        if row["appointmentid"] in cancelled and start_of(row) - now > timedelta(hours=2, minutes=5)
    ]
    texts = [m for m in state["relatient"]["messages"] if not m["enrollment_id"]]
    assert len(far) <= len(texts) <= len(cancelled), (len(far), texts, cancelled)
    for row in booked(state):
        marker = f"Kept-a{row['appointmentid']}-contact"
        assert str(state["athena"]["patient_cases"]).count(marker) <= 1, row
