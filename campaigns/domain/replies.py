"""What becomes of a patient's answers: one stored outcome each, at most one chart write each.

A reply that answers an old start is stale; one for a visit that is closed is a conflict; one whose
words may mean something else than its label is for the desk; of several valid ones the one given
last wins. A reply whose chart write is on its way is left alone
until the write has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from campaigns.domain.decision import ReplyVerdict
from campaigns.domain.effects import EffectWanted, WorkItemWanted
from campaigns.domain.open_slot import not_offered, offer_slot
from campaigns.domain.reply_kinds import EXCLUSIVE, REPLY_KINDS
from campaigns.domain.snapshot import EffectFacts, ReplyFacts, Snapshot
from campaigns.domain.values import (
    CONFIRMED,
    IN_FLIGHT,
    AppointmentStatus,
    EffectKind,
    EffectStatus,
    OnCancel,
    ReplyKind,
    ReplyOutcome,
    WorkItemKind,
)
from campaigns.domain.visit_status import closed_code
from campaigns.domain.worded_answers import (
    has_more,
    is_unclear,
    stop_of,
    what_to_ask,
)

WRITES = frozenset(
    {EffectKind.WRITE_CONFIRMATION, EffectKind.CANCEL_APPOINTMENT, EffectKind.SCHEDULE_NOTE}
)

BY_REPLY = "Cancelled by the patient's reply to a reminder"
BY_PHONE = "Cancelled by the patient by phone, recorded by the front desk"
# With these outcomes an answer has no item of its own, in which its words could be read.
_NO_ITEM = frozenset({ReplyOutcome.PENDING, ReplyOutcome.APPLIED, ReplyOutcome.SUPERSEDED})
# What the schedule says of a wish for another time that a reminder was answered with.
ASKS_TO_MOVE = "Patient asks to reschedule (answered the reminder). Please call."


@dataclass(frozen=True)
class ReplyVerdicts:
    """What the replies of one appointment ask for."""

    verdicts: tuple[ReplyVerdict, ...] = ()
    effects: tuple[EffectWanted, ...] = ()
    work_items: tuple[WorkItemWanted, ...] = ()


def judge_replies(snapshot: Snapshot, now: datetime) -> ReplyVerdicts:
    """Judge every reply that has no outcome yet."""
    verdicts: list[ReplyVerdict] = []
    effects: list[EffectWanted] = []
    items: list[WorkItemWanted] = []
    for reply in _pending(snapshot):
        verdict, effect, item = _judge(snapshot, reply, now)
        verdicts.extend([verdict] if verdict else [])
        effects.extend([effect] if effect else [])
        items.extend([item] if item else [])
    items.extend(_beside_the_answers(snapshot, now))
    slot_effects, slot_items = offer_slot(snapshot, now)
    effects.extend(slot_effects)
    items.extend(slot_items)
    return ReplyVerdicts(tuple(verdicts), tuple(effects), tuple(items))


def _pending(snapshot: Snapshot) -> Iterator[ReplyFacts]:
    return (r for r in snapshot.replies if r.outcome is ReplyOutcome.PENDING)


_Judgement = tuple[ReplyVerdict | None, EffectWanted | None, WorkItemWanted | None]


def _judge(snapshot: Snapshot, reply: ReplyFacts, now: datetime) -> _Judgement:
    write = write_of(snapshot, reply)
    if write is not None:
        if write.status is EffectStatus.ACCEPTED:
            return _applied(snapshot, reply, now)
        if write.status is EffectStatus.REJECTED or write.status is EffectStatus.PARKED:
            return _write_failed(reply, write)
        if write.status in IN_FLIGHT:
            # Asking for the same effect again keeps its row; nothing else is concluded meanwhile.
            return None, _same_again(write), None
    visit = snapshot.appointment
    doubted = visit.not_found_at is not None or (visit.unreadable and not visit.unreadable_twice)
    if doubted and closed_code(visit, now) is None:
        # It is being read again, which a closed visit never is; the answer waits for that.
        return None, None, None
    stuck = _stuck_write(snapshot)
    if stuck is not None and reply.kind is not ReplyKind.UNRECOGNIZED and not is_unclear(reply):
        # No other chart write can go out until a person has settled the parked one.
        return _write_failed(reply, stuck)
    objection = _objection(snapshot, reply, now)
    if objection is not None:
        return objection
    return _act(snapshot, reply)


def write_of(snapshot: Snapshot, reply: ReplyFacts) -> EffectFacts | None:
    """The newest chart write for a reply, whatever became of it."""
    writes = [e for e in snapshot.effects if e.response_id == reply.id and e.kind in WRITES]
    return max(writes, key=lambda effect: effect.id, default=None)


def _stuck_write(snapshot: Snapshot) -> EffectFacts | None:
    """A chart write of this visit of which nobody knows whether it was done."""
    return next(
        (
            e
            for e in snapshot.effects
            if e.kind in WRITES
            and e.status is EffectStatus.PARKED
            and e.appointment_id == snapshot.appointment.id
        ),
        None,
    )


def _same_again(write: EffectFacts) -> EffectWanted:
    return EffectWanted(
        write.kind, write.body, write.purpose, write.basis, response_id=write.response_id
    )


def _applied(snapshot: Snapshot, reply: ReplyFacts, now: datetime) -> _Judgement:
    sentence = REPLY_KINDS[reply.kind].applied
    if reply.kind is ReplyKind.CANCELLED:
        sentence = f"{sentence} {not_offered(snapshot, now)}".rstrip()
    return _verdict(reply, ReplyOutcome.APPLIED, sentence), None, _asks_to_move(reply)


def _asks_to_move(reply: ReplyFacts) -> WorkItemWanted | None:
    if reply.kind is not ReplyKind.RESCHEDULE_REQUESTED:
        return None
    return _item(WorkItemKind.RESCHEDULE_REQUESTED, reply, "The patient asks for another time.")


def _write_failed(reply: ReplyFacts, write: EffectFacts) -> _Judgement:
    sentence = f"The answer could not be written to the chart. {write.sentence}"[:300]
    return (
        _verdict(reply, ReplyOutcome.FOR_STAFF, sentence),
        None,
        _item(WorkItemKind.CHART_WRITE_FAILED, reply, sentence),
    )


def _objection(snapshot: Snapshot, reply: ReplyFacts, now: datetime) -> _Judgement | None:
    """Why a reply is not acted on, in the order in which a person would see it."""
    appointment = snapshot.appointment
    if reply.kind is ReplyKind.UNRECOGNIZED:
        stop = _stop(snapshot, reply, now)
        if stop:
            return _for_staff(reply, WorkItemKind.STOP_IN_WORDS, stop)
        sentence = "The patient answered in their own words. Read the reply and call if needed."
        return _for_staff(reply, WorkItemKind.UNRECOGNIZED_REPLY, sentence)
    if appointment.unreadable_twice:
        sentence = "The patient answered, but the visit cannot be read in athenahealth."
        return _for_staff(reply, WorkItemKind.CONFLICT, f"{sentence} Nothing was written.")
    if reply.told_starts_at is not None and reply.told_starts_at != appointment.starts_at:
        return (
            _verdict(reply, ReplyOutcome.STALE, "The answer is about an earlier time."),
            None,
            (_item(WorkItemKind.STALE_REPLY, reply, "The patient answered about an earlier time.")),
        )
    if superseded(snapshot, reply):
        sentence = "A later answer of the same patient counts instead."
        return _verdict(reply, ReplyOutcome.SUPERSEDED, sentence), None, None
    over = appointment.starts_at is not None and appointment.starts_at <= now
    if appointment.status is not AppointmentStatus.SCHEDULED or over:
        state = "is over" if over else f"is {appointment.status.value.replace('_', ' ')}"
        if appointment.status is AppointmentStatus.NOT_FOUND:
            state = "cannot be found any more"
        sentence = f"The patient answered, but the visit {state} in the chart. Nothing was written."
        return (
            _verdict(reply, ReplyOutcome.CONFLICT, sentence),
            None,
            _item(WorkItemKind.CONFLICT, reply, sentence),
        )
    if is_unclear(reply):
        return _for_staff(reply, *what_to_ask(snapshot, reply))
    return None


def _beside_the_answers(snapshot: Snapshot, now: datetime) -> Iterator[WorkItemWanted]:
    """What the words of answers ask of the desk while the visit is ahead: a stop, more than the
    answer itself, and an unclear answer for as long as no later one counts.
    """
    for reply in snapshot.replies:
        if reply.by_staff:
            continue
        stop = _stop(snapshot, reply, now)
        if stop:
            yield _item(WorkItemKind.STOP_IN_WORDS, reply, stop)
        if reply.kind not in EXCLUSIVE or not _still_about_this_visit(snapshot, reply, now):
            continue
        if is_unclear(reply):
            if reply.outcome is ReplyOutcome.FOR_STAFF and not superseded(snapshot, reply):
                kind, sentence = what_to_ask(snapshot, reply)
                yield _item(kind, reply, sentence)
        elif (
            (more := REPLY_KINDS[reply.kind].more)
            and reply.outcome in _NO_ITEM
            and has_more(snapshot, reply)
        ):
            yield _item(WorkItemKind.MORE_IN_ANSWER, reply, more)


def _stop(snapshot: Snapshot, reply: ReplyFacts, now: datetime) -> str:
    """What is said of a stop while there is a visit ahead for which it matters."""
    visit = snapshot.appointment
    ahead = visit.starts_at is None or visit.starts_at > now
    standing = visit.status is AppointmentStatus.SCHEDULED and ahead
    return stop_of(snapshot, reply) if standing else ""


def _still_about_this_visit(snapshot: Snapshot, reply: ReplyFacts, now: datetime) -> bool:
    """Whether an answer is about a start that is still to come; its own cancellation may have
    ended the visit meanwhile.
    """
    visit = snapshot.appointment
    by_itself = reply.kind is ReplyKind.CANCELLED and reply.outcome in _NO_ITEM
    standing = visit.status is AppointmentStatus.SCHEDULED or (
        visit.status is AppointmentStatus.CANCELLED and by_itself
    )
    ahead = visit.starts_at is None or visit.starts_at > now
    return standing and ahead and reply.told_starts_at in (None, visit.starts_at)


def superseded(snapshot: Snapshot, reply: ReplyFacts) -> bool:
    """Whether another answer about the present start was given later."""
    if reply.kind not in EXCLUSIVE:
        return False
    mine = (reply.occurred_at, reply.seq, reply.id)
    return any(
        (other.occurred_at, other.seq, other.id) > mine
        for other in snapshot.replies
        if other.kind in EXCLUSIVE
        # What nobody understands takes nothing back.
        and not is_unclear(other)
        and other.outcome in (ReplyOutcome.PENDING, ReplyOutcome.APPLIED, ReplyOutcome.FOR_STAFF)
        and other.told_starts_at in (None, snapshot.appointment.starts_at)
    )


def _act(snapshot: Snapshot, reply: ReplyFacts) -> _Judgement:
    appointment, settings = snapshot.appointment, snapshot.settings
    if reply.kind is ReplyKind.CONFIRMED:
        if appointment.confirmation in CONFIRMED:
            sentence = "The chart already says confirmed."
            return _verdict(reply, ReplyOutcome.APPLIED, sentence), None, None
        status = settings.operator_status_id if reply.by_staff else settings.confirmed_status_id
        if not status:
            sentence = "The practice has no confirmation status named Confirmed. Run bootstrap."
            return _for_staff(reply, WorkItemKind.CHART_WRITE_FAILED, sentence)
        body = {**_expected(snapshot), "confirmation_status": status}
        return None, _write(EffectKind.WRITE_CONFIRMATION, reply, body), None
    if reply.kind is ReplyKind.CANCELLED:
        return _cancel(snapshot, reply)
    wish = reply.kind is ReplyKind.RESCHEDULE_REQUESTED and not reply.by_staff
    text = ASKS_TO_MOVE if wish else REPLY_KINDS[reply.kind].note
    # The desk is told at once: a note that cannot be written must not hide the wish.
    return None, _note(snapshot, reply, text), _asks_to_move(reply)


def _cancel(snapshot: Snapshot, reply: ReplyFacts) -> _Judgement:
    if snapshot.appointment.on_cancel is OnCancel.ASK and not reply.by_staff:
        sentence = "The patient cancelled. Cancel the visit in athenahealth, or call them."
        return _for_staff(reply, WorkItemKind.CANCEL_REQUESTED, sentence)
    reason = reply.cancel_reason_id or snapshot.settings.cancel_reason_id
    if not reason:
        sentence = (
            "The patient cancelled, but no cancel reason of the practice fits. "
            "An admin can set cancel_reason_id."
        )
        return _for_staff(reply, WorkItemKind.CHART_WRITE_FAILED, sentence)
    body = {
        **_expected(snapshot),
        "patient": snapshot.patient.external_id,
        "reason": reason,
        "marker": marker(reply.event_id),
        "note": BY_PHONE if reply.by_staff else BY_REPLY,
    }
    return None, _write(EffectKind.CANCEL_APPOINTMENT, reply, body), None


def marker(event_id: str) -> str:
    """The short text that our cancellations and notes carry, so that Kept finds them again in the
    chart.

    Made from the answer's own id: a number of ours would name another answer once the database has
    been restored from a backup.
    """
    return f"Kept-r{sha256(event_id.encode()).hexdigest()[:10]}"


def _note(snapshot: Snapshot, reply: ReplyFacts, text: str) -> EffectWanted:
    body = {
        "appointment": snapshot.appointment.external_id,
        "marker": marker(reply.event_id),
        "text": text,
    }
    return _write(EffectKind.SCHEDULE_NOTE, reply, body)


def _expected(snapshot: Snapshot) -> dict[str, Any]:
    """What the chart must still say when the write goes out."""
    appointment = snapshot.appointment
    return {
        "appointment": appointment.external_id,
        "expected": {
            "local_start": appointment.local_start.strftime("%Y-%m-%dT%H:%M"),
            "status": appointment.status.value,
            "confirmation": appointment.confirmation_id,
        },
    }


def _write(kind: EffectKind, reply: ReplyFacts, body: Mapping[str, Any]) -> EffectWanted:
    return EffectWanted(kind, body, purpose=reply.kind.value, response_id=reply.id)


def _for_staff(reply: ReplyFacts, kind: WorkItemKind, sentence: str) -> _Judgement:
    verdict = _verdict(reply, ReplyOutcome.FOR_STAFF, sentence)
    return verdict, None, _item(kind, reply, sentence)


def _verdict(reply: ReplyFacts, outcome: ReplyOutcome, sentence: str) -> ReplyVerdict:
    return ReplyVerdict(reply.id, outcome, sentence)


def _item(kind: WorkItemKind, reply: ReplyFacts, sentence: str) -> WorkItemWanted:
    return WorkItemWanted(kind, sentence, response_id=reply.id)
