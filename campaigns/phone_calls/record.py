"""How a call went, as the desk tells it, and taking that back before anything was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db import transaction

from audit.context import acting_as
from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.callback_times import after_no_answer, in_time
from campaigns.domain.reply_kinds import CALL_OUTCOMES, Asked, CallAgain, KindOfReply
from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.locking import lock_appointments, lock_patient
from campaigns.look_queue import schedule_look
from campaigns.models import PROMPT, Appointment, ChartCancelReason, Effect, Response
from campaigns.phone_calls.claims import ClaimedByAnother, claim_of_another, end_claims

TAKEN_BACK = "Taken back by the desk before anything was sent."


class MovedMeanwhile(Exception):
    """The visit no longer starts when the caller said it does: nothing was recorded."""


class NotInTime(Exception):
    """The call back is not ahead, or not before the visit: nothing was recorded."""


@dataclass(frozen=True)
class CallDetails:
    """What the desk may say beside the kind: a note, when to call back, why it was cancelled.

    `cancel_reason` is athenahealth's id of a reason of the practice; empty means the practice's.
    """

    note: str = ""
    again_at: datetime | None = None
    cancel_reason: str = ""


def record_call(
    appointment: Appointment,
    kind: ReplyKind,
    user: Any,
    *,
    form: UUID | None = None,
    seen: datetime | None = None,
    details: CallDetails = CallDetails(),
    anyway: bool = False,
    hold: timedelta | None = None,
) -> Response | None:
    """Record how a call about a visit went; None when this very press was recorded before.

    `form` is the form that was sent: the same button of the same form counts once, however often
    it arrives. `seen` is the start that the page showed; MovedMeanwhile when it is another now.
    ClaimedByAnother when somebody else is calling, unless `anyway`. NotInTime for a call back
    that is not before the visit. Nothing is sent while the desk may take it back (`hold`,
    by default as long as its kind says).
    """
    outcome = CALL_OUTCOMES.get(kind)
    if outcome is None:
        raise ValueError(f"A call cannot end with {kind.value}.")
    with transaction.atomic(), acting_as(user=user):
        lock_patient(appointment.patient_id)
        current = lock_appointments([appointment.pk])[appointment.pk]
        event_id = _event_id(form, current, kind)
        if Response.objects.filter(practice=current.practice_id, event_id=event_id).exists():
            return None
        now = database_now()
        _refuse_if(current, outcome, user, now, seen, details, anyway=anyway)
        held = outcome.hold if hold is None else hold
        response = Response.objects.create(
            practice_id=current.practice_id,
            event_id=event_id,
            appointment=current,
            patient_id=current.patient_id,
            kind=kind,
            told_starts_at=current.starts_at,
            occurred_at=now,
            received_at=now,
            given_by=user,
            note=details.note.strip(),
            hold_until=now + held if held else None,
            again_at=_again_at(outcome, details, now, current),
            cancel_reason_external_id=details.cancel_reason
            if outcome.asked is Asked.REASON
            else "",
        )
        end_claims(current)
        schedule_look(current, now + held, PROMPT)
        audit_row("response.received", response, kind=kind.value, by="staff")
        doorbell.ring()
        return response


def _refuse_if(
    current: Appointment,
    outcome: KindOfReply,
    user: Any,
    now: datetime,
    seen: datetime | None,
    details: CallDetails,
    *,
    anyway: bool,
) -> None:
    if seen is not None and seen != current.starts_at:
        raise MovedMeanwhile
    again = details.again_at
    if outcome.asked is Asked.TIME and (
        again is None or not in_time(again, now, current.starts_at)
    ):
        raise NotInTime
    reasons = ChartCancelReason.objects.filter(practice=current.practice_id)
    chosen = details.cancel_reason
    if outcome.asked is Asked.REASON and chosen and not reasons.filter(external_id=chosen).exists():
        raise ValueError("The practice has no such cancel reason.")
    other = claim_of_another(current, user, now)
    if other is not None and not anyway:
        raise ClaimedByAnother(other)


def _again_at(
    outcome: KindOfReply, details: CallDetails, now: datetime, row: Appointment
) -> datetime | None:
    if outcome.call_again is CallAgain.AT_THE_TIME:
        return details.again_at
    later = outcome.call_again is CallAgain.LATER
    return after_no_answer(now, row.starts_at) if later else None


def undo_call(response: Response, user: Any) -> bool:
    """Take an outcome back; False when it was taken back before, or the time for it is over.

    A look judges an outcome under the same locks, and only once its time has passed: so either
    this comes first and nothing is ever sent, or the look does and this changes nothing.
    """
    with transaction.atomic(), acting_as(user=user):
        lock_patient(response.patient_id)
        lock_appointments([response.appointment_id])
        current = Response.objects.select_related("appointment").get(pk=response.pk)
        now = database_now()
        held = current.hold_until is not None and now < current.hold_until
        if not held or current.outcome != ReplyOutcome.PENDING:
            return False
        # The database's clock may be set back; an outcome that is on its way is not taken back.
        if Effect.objects.filter(response=current).exists():
            return False
        current.outcome, current.outcome_sentence = ReplyOutcome.WITHDRAWN, TAKEN_BACK
        current.settled_at = now
        current.save(update_fields=["outcome", "outcome_sentence", "settled_at"])
        audit_row("response.withdrawn", current, kind=str(current.kind), by="staff")
        return True


def _event_id(form: UUID | None, appointment: Appointment, kind: ReplyKind) -> str:
    """One id per form, visit and button, so that another button of the same form still counts."""
    if form is None:
        return f"staff-{uuid4()}"
    return f"staff-{uuid5(NAMESPACE_URL, f'{form}/{appointment.pk}/{kind.value}')}"
