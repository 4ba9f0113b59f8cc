"""One appointment's explanation for people: why it is as it is, then what happened, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from campaigns.appointments.decision_reason import why
from campaigns.domain.coverage import Code
from campaigns.domain.values import (
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    OutcomeKind,
    ReplyKind,
    ReplyOutcome,
    Vendor,
    WorkItemKind,
)
from campaigns.labels import (
    CHANNELS,
    EFFECT_STATUSES,
    EFFECTS,
    ENROLLMENTS,
    INSTRUCTIONS,
    OBSERVED,
    OUTCOMES,
    REPLIES,
    REPLY_OUTCOMES,
    VENDORS,
    WORK_ITEMS,
    finding,
)

Report = Mapping[str, Any]
# When, what, and the lines below it.
Event = tuple[datetime, str, list[str]]


def lines_of(report: Report) -> Iterator[str]:
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
    # Sorting keeps the order of equal times: what was seen comes before what was concluded.
    for at, title, below in sorted(_events(report), key=lambda event: event[0]):
        yield f"{when(at)}  {title}"
        yield from below


def _in_short(decision: Report) -> Iterator[str]:
    """The sentence that the visit's page begins with."""
    found = [(f["filter"], f["saw"], f["concluded"]) for f in decision["findings"]]
    sentence = why(Code(decision["code"]), decision["campaign"], found, {})
    if sentence:
        yield sentence


def when(moment: datetime | None) -> str:
    """A time for people, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "time unknown"


def _events(report: Report) -> Iterator[Event]:
    for seen in report["observations"]:
        by = f" by {seen['by']}" if seen.get("by") else ""
        yield seen["at"], OBSERVED[seen["what"]] + by, []
    for said in report["consents"]:
        state, channel = said["state"].replace("_", " "), CHANNELS.get(said["channel"])
        yield said["at"], f"{state} of {channel or said['channel']} ({said['source']})", []
    for told in report["instructions"]:
        yield told["at"], INSTRUCTIONS[InstructionKind(told["kind"])], []
        if told["withdrawn_at"]:
            yield told["withdrawn_at"], "that instruction was withdrawn", []
    yield from (_answer(row) for row in report["responses"])
    yield from _decisions(report["decisions"])
    yield from (_effect(row) for row in report["effects"])
    for item in report["work_items"]:
        name = WORK_ITEMS[WorkItemKind(item["kind"])]
        yield item["opened_at"], f"on the work list: {name}. {item['sentence']}", []
        if item["closed_at"]:
            yield item["closed_at"], f"off the work list: {name}", []


def _decisions(rows: Iterable[Report]) -> Iterator[Event]:
    """Each decision with the findings that the one before it lacked, or with the effects it asks
    for.
    """
    known: list[Report] = []
    for row in rows:
        news = [found for found in row["findings"] if found not in known]
        known = row["findings"]
        below = list(_findings(news)) or _asked(row["effects"])
        yield row["at"], f"decided {row['state']} / {row['code']}", below


def _asked(kinds: Iterable[str]) -> list[str]:
    words = ", ".join(EFFECTS[EffectKind(kind)] for kind in kinds)
    return [f"    Asks for: {words}" if words else "    Asks for nothing"]


def _findings(rows: Iterable[Report]) -> Iterator[str]:
    for row in rows:
        name, saw, concluded = finding(row["filter"], row["saw"], row["concluded"], {})
        yield f"    {name}: {saw} -> {concluded}"


def _effect(row: Report) -> Event:
    status = EFFECT_STATUSES[EffectStatus(row["status"])]
    title = f"{EFFECTS[EffectKind(row['kind'])]} ({VENDORS[Vendor(row['vendor'])]}): {status}"
    if row["next_attempt_at"]:
        title += f", next try {when(row['next_attempt_at'])}"
    return row["created_at"], title + _because(row), [_attempt(one) for one in row["attempts"]]


def _attempt(row: Report) -> str:
    outcome = OUTCOMES[OutcomeKind(row["outcome"])] if row["outcome"] else "not ended"
    return f"    try {row['number']} {when(row['began_at'])}: {outcome}{_because(row)}"


def _because(row: Report) -> str:
    words = ": ".join(word for word in (row["code"], row["sentence"]) if word)
    return f" ({words})" if words else ""


def _answer(row: Report) -> Event:
    outcome = REPLY_OUTCOMES[ReplyOutcome(row["outcome"])]
    who = "the desk recorded" if row["by_staff"] else "the patient answered"
    title = f"{who}: {REPLIES[ReplyKind(row['kind'])]}; {outcome}. {row['sentence']}"
    return row["occurred_at"], title.rstrip(), []


def _neighbour(row: Report) -> str:
    how = "it replaced" if row["is"] == "replaced_by_this" else "it was replaced by"
    return f"{how} {row['id']}, {row['status']}, {row['code']}"


def _reminders(row: Report) -> str:
    status = ENROLLMENTS[EnrollmentStatus(row["status"])]
    ended = f" {when(row['ended_at'])}" if row["ended_at"] else ""
    why = f" ({row['end_reason']})" if row["end_reason"] else ""
    elsewhere = ", by somebody at Relatient" if row["ended_elsewhere"] else ""
    return f"{row['campaign']}, {status}{ended}{why}{elsewhere}"
