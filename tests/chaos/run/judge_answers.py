"""Invariant 4: every answer in the chart exactly once, or set aside for a reason that is true."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from campaigns.models import Response, WorkItem
from tests.chaos.run.journal import REQUEST, ROW, Entry, chart_write
from tests.chaos.run.town import Town
from tests.chaos.run.verdict import Violation, evidence
from tests.scenarios.machine_oracle import CONFIRMED, start_of

Row = dict[str, Any]
EXCLUSIVE = {"confirmed", "cancelled", "reschedule_requested"}
SECOND = timedelta(seconds=1)


def judge_answers(town: Town, state: Row) -> list[Violation]:
    """Answer by answer, then the chart's writes as a whole."""
    responses = list(Response.objects.select_related("appointment"))
    known = {one.event_id: one for one in responses}
    calls = {one.note: one for one in responses if one.by_staff}
    rows = {row["appointmentid"]: row for row in state["athena"]["appointments"]}
    history: dict[str, list[Entry]] = {}
    for entry in town.journal.of(ROW):
        history.setdefault(entry.subject, []).append(entry)
    found = []
    for said in [*town.said, *town.calls]:
        response = known.get(said["event"]) if "event" in said else calls.get(said["note"])
        problem = "Kept does not know it"
        if response is not None:
            told = response.told_starts_at
            said = said | {"about": said.get("about") or (told and told.isoformat())}
            problem = _problem(town, said, response, rows[said["visit"]], history)
        if problem:
            outcome = response.outcome if response else "-"
            what = f"answer {said['kind']} ({outcome}): {problem}"
            lines = evidence(town.journal, said["visit"], f"said: {said}")
            found.append(Violation(4, said["visit"], what, lines))
    twice = len([one for one in responses if one.by_staff]) - len(calls)
    if twice:
        found.append(Violation(4, "desk", f"{twice} calls recorded twice", sorted(calls)))
    return found + _writes_beyond(town, known, rows)


def _problem(
    town: Town, said: Row, response: Response, row: Row, history: dict[str, list[Entry]]
) -> str:
    mark = sha256(response.event_id.encode()).hexdigest()[:10]
    marks = str(row["notes"]).count(f"(Kept-r{mark})")
    moments = _since(history[said["visit"]], said["seq"])
    if response.outcome == "applied":
        return _applied(town, said, row, moments, marks)
    if marks:
        return "written to the chart all the same"
    if response.outcome == "pending":
        return "no outcome"
    if response.outcome == "superseded":
        return "" if _later(town, said) else "no later answer"
    if not WorkItem.objects.filter(response=response).exists():
        return "not on the work list"
    return _unjustified(said, response.outcome, moments, state_now=moments[-1])


def _since(rows: list[Entry], seq: int) -> list[Entry]:
    """How the visit stood when the answer was given, and after that."""
    before = [entry for entry in rows if entry.seq < seq]
    return before[-1:] + [entry for entry in rows if entry.seq >= seq]


def _applied(town: Town, said: Row, row: Row, moments: list[Entry], marks: int) -> str:
    if said["kind"] == "confirmed":
        confirmed = [str(m.data.get("appointmentconfirmationid")) in CONFIRMED for m in moments]
        if not any(confirmed):
            return "the chart never said so"
        lost = not confirmed[-1] and said["visit"] not in town.desk_confirmations
        return "the chart says so no more" if lost else ""
    if marks != 1:
        return f"marked {marks} times in the chart"
    if said["kind"] == "cancelled":
        cancelled = (row["appointmentstatus"], row.get("cancelreasonid")) == ("x", "41")
        return "" if cancelled else "not cancelled in the chart"
    return ""


def _unjustified(said: Row, outcome: str, moments: list[Entry], state_now: Entry) -> str:
    about = datetime.fromisoformat(said["about"])
    if outcome == "stale":
        moved = any(start_of(m.data) != about for m in moments)
        return "" if moved else "the start never changed"
    if outcome == "conflict":
        over = start_of(state_now.data) <= datetime.now(about.tzinfo)
        closed = over or any(m.data["appointmentstatus"] != "f" for m in moments)
        return "" if closed else "the visit was never closed"
    return ""


def _later(town: Town, said: Row) -> bool:
    at = datetime.fromisoformat(said["at"])
    return any(
        other is not said
        and other["visit"] == said["visit"]
        and other["kind"] in EXCLUSIVE
        and datetime.fromisoformat(other["at"]) + SECOND > at
        for other in town.said
    )


def _writes_beyond(town: Town, known: dict[str, Response], rows: dict[str, Row]) -> list[Violation]:
    """Changes of the chart that no answer asked for."""
    writes: Counter[tuple[str, str]] = Counter()
    for entry in town.journal.of(REQUEST):
        if written := chart_write(entry):
            writes[written] += 1
    applied = Counter(
        (one.appointment.external_id, one.kind)
        for one in known.values()
        if one.outcome == "applied"
    )
    found = []
    for (visit, what), count in writes.items():
        asked = applied[(visit, "cancelled" if what == "cancel" else "confirmed")]
        if count > asked:
            text = f"{count} writes of {what}, {asked} answers that ask for it"
            found.append(Violation(4, visit, text, evidence(town.journal, visit, str(rows[visit]))))
    return found
