"""What happened to one appointment, oldest first, each thing in a line that anybody can read.

Made of the rows themselves, never of the audit trail, which no behaviour may read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.appointments.explain import consents_of, effects_of, observations_of
from campaigns.domain.coverage import State
from campaigns.domain.values import (
    CancelReason,
    EffectKind,
    EffectStatus,
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
    END_REASONS,
    INSTRUCTIONS,
    OBSERVED,
    OUTCOMES,
    PURPOSES,
    REPLIES,
    REPLY_OUTCOMES,
    STATES,
    VENDORS,
    WORK_ITEMS,
    finding,
)
from campaigns.local_time import spoken
from campaigns.models import Appointment, Attempt, DecisionRecord, Response

# What a status looks like; the word beside it says the same.
_LOOKS = {
    EffectStatus.ACCEPTED: "enrolled",
    EffectStatus.REJECTED: "failed",
    EffectStatus.PARKED: "failed",
    EffectStatus.UNKNOWN: "blocked",
    EffectStatus.SUPERSEDED: "closed",
}


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `look` is the style of the badge, `details` are what opens below
    it.
    """

    at: datetime
    when: str
    kind: str
    title: str
    sentence: str = ""
    badge: str = ""
    look: str = ""
    quote: str = ""
    heads: tuple[str, ...] = ()
    details: tuple[tuple[str, ...], ...] = ()
    effect_id: int | None = None


def entries_of(
    row: Appointment, campaigns: dict[str, str], zone: str, *, named: bool = True
) -> list[Entry]:
    """All entries, newest last; the order of kinds settles equal times.

    Unless `named`, without the names of people and without what they wrote (`explain`).
    """
    found = [
        *_seen(row, zone),
        *_consents(row, zone),
        *_answers(row, zone, named),
        *_instructions(row, campaigns, zone, named),
        *_decisions(row, campaigns, zone),
        *_effects(row, zone),
        *_enrollments(row, campaigns, zone),
        *_work_items(row, zone, named),
    ]
    return sorted(found, key=lambda entry: entry.at)


def _seen(row: Appointment, zone: str) -> Iterator[Entry]:
    """When Kept learned what, in the words of `explain`."""
    for seen in observations_of(row):
        title = OBSERVED[seen["what"]]
        by = f" by {seen['by']}" if seen.get("by") else ""
        sentence = ""
        if seen.get("version", 1) > 1:
            times = "once" if seen["version"] == 2 else f"{seen['version'] - 1} times"
            sentence = f"It has changed {times} since it was first seen."
        if "found" in seen:
            sentence = "There was one." if seen["found"] else "There was none."
        yield _entry(seen["at"], zone, "visit", title[0].upper() + title[1:] + by, sentence)


def _consents(row: Appointment, zone: str) -> Iterator[Entry]:
    """What the patient said of each channel since the visit was seen, and what held by then."""
    for said in consents_of(row):
        channel = CHANNELS.get(said["channel"], said["channel"])
        word = "out of" if said["state"] == "opted_out" else "in to"
        title = f"The patient opted {word} {channel}s"
        yield _entry(said["at"], zone, "answer", title, f"Heard from {said['source']}.")


def _decisions(row: Appointment, campaigns: dict[str, str], zone: str) -> Iterator[Entry]:
    for decision in row.decisions.all():
        name = campaigns.get(decision.campaign, decision.campaign)
        yield _entry(
            decision.at,
            zone,
            "decision",
            "Decided" + (f" on campaign {name}" if name else ""),
            decision.sentence,
            badge=STATES[State(decision.state)],
            look=decision.state,
            heads=("Looked at", "Found", "Concluded"),
            details=tuple(_findings(decision, campaigns)),
        )


def _findings(decision: DecisionRecord, campaigns: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for filter_, saw, said in decision.findings:
        yield finding(filter_, saw, said, campaigns)


def _effects(row: Appointment, zone: str) -> Iterator[Entry]:
    """The visit's own effects, and those about its patient since the visit was first seen."""
    for effect in effects_of(row):
        if effect.appointment_id is None and effect.created_at < row.first_seen_at:
            continue
        status = EffectStatus(effect.status)
        vendor = VENDORS[Vendor(effect.vendor)]
        yield _entry(
            effect.created_at,
            zone,
            "effect",
            PURPOSES.get(effect.purpose) or EFFECTS[EffectKind(effect.kind)],
            effect.sentence or _waiting(status, vendor),
            badge=EFFECT_STATUSES[status].capitalize(),
            look=_LOOKS.get(status, "pending"),
            heads=("Attempt", vendor, "Reference"),
            details=tuple(
                _attempt(one, zone) for one in sorted(effect.tries.all(), key=lambda t: t.number)
            ),
            effect_id=effect.pk,
        )


def _waiting(status: EffectStatus, vendor: str) -> str:
    return f"Waiting for its turn at {vendor}." if status is EffectStatus.QUEUED else ""


def _attempt(attempt: Attempt, zone: str) -> tuple[str, ...]:
    outcome = OUTCOMES[OutcomeKind(attempt.outcome)] if attempt.outcome else "not ended"
    answer = f"{outcome.capitalize()}. {attempt.sentence}".strip()
    status = f"HTTP {attempt.http_status}" if attempt.http_status else ""
    reference = " ".join(part for part in (status, attempt.request_id) if part)
    return f"{attempt.number}: {spoken(attempt.began_at, zone)}", answer, reference


def _answers(row: Appointment, zone: str, named: bool) -> Iterator[Entry]:
    for answer in row.responses.select_related("given_by"):
        outcome = ReplyOutcome(answer.outcome)
        settled = outcome in (ReplyOutcome.APPLIED, ReplyOutcome.SUPERSEDED)
        look = "enrolled" if settled else "blocked"
        yield _entry(
            answer.occurred_at,
            zone,
            "answer",
            f"{_who(answer, named)}: {REPLIES[ReplyKind(answer.kind)]}",
            answer.outcome_sentence or "On its way to the chart.",
            badge=REPLY_OUTCOMES[outcome].capitalize(),
            look="pending" if outcome is ReplyOutcome.PENDING else look,
            quote=(answer.raw_text or answer.note) if named else "",
        )


def _who(answer: Response, named: bool) -> str:
    if answer.by_staff:
        return (named and person(answer.given_by)) or "The desk"
    # An answer whose channel the event did not name is stored as "text".
    words = {**{channel.value: word for channel, word in CHANNELS.items()}, "text": "reply"}
    return f"The patient, by {words.get(answer.channel, answer.channel)}"


def _instructions(
    row: Appointment, campaigns: dict[str, str], zone: str, named: bool
) -> Iterator[Entry]:
    for said in row.instructions.select_related("given_by"):
        title = INSTRUCTIONS[InstructionKind(said.kind)]
        campaign = campaigns.get(said.campaign, said.campaign)
        by = f"{person(said.given_by) or 'A colleague'}: {said.reason}" if named else ""
        sentence = f"{by} Campaign: {campaign}.".lstrip() if campaign else by
        yield _entry(said.given_at, zone, "staff", title, sentence)
        if said.withdrawn_at is not None:
            yield _entry(said.withdrawn_at, zone, "staff", f"{title}: withdrawn")


def person(user: Any) -> str:
    """A colleague by their name, or by the name they sign in with; empty for nobody."""
    return user.get_full_name() or user.get_username() if user is not None else ""


def _enrollments(row: Appointment, campaigns: dict[str, str], zone: str) -> Iterator[Entry]:
    for enrollment in row.enrollments.exclude(ended_at__isnull=True):
        assert enrollment.ended_at is not None
        name = campaigns.get(enrollment.campaign, enrollment.campaign)
        reason = enrollment.end_reason
        sentence = f"Because {END_REASONS[CancelReason(reason)]}." if reason else ""
        if enrollment.ended_elsewhere:
            sentence = "Somebody ended them at Relatient."
        yield _entry(
            enrollment.ended_at, zone, "enrollment", f"Reminders of {name} ended", sentence
        )


def _work_items(row: Appointment, zone: str, named: bool) -> Iterator[Entry]:
    for item in row.work_items.all():
        title = WORK_ITEMS[WorkItemKind(item.kind)]
        badge = "Open" if item.closed_at is None else "Closed"
        look = "blocked" if item.closed_at is None else "closed"
        yield _entry(
            item.opened_at, zone, "item", f"Work list: {title}", item.sentence, badge, look
        )
        if item.closed_at is not None:
            by = f"By {item.closed_by}." if named and item.closed_by else ""
            yield _entry(item.closed_at, zone, "item", f"Off the work list: {title}", by)


def _entry(
    at: datetime,
    zone: str,
    kind: str,
    title: str,
    sentence: str = "",
    badge: str = "",
    look: str = "",
    **more: object,
) -> Entry:
    return Entry(at, spoken(at, zone), kind, title, sentence, badge, look, **more)  # type: ignore[arg-type]
