"""From the enrollment as it should be to the effects that make it so.

One thing at a time: what is in flight is waited for, a live enrollment elsewhere in the lineage
ends first, and a refusal stands until what it depended on has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.domain.consents import YES
from campaigns.domain.coverage import Code, State, state_of
from campaigns.domain.decision import Plan
from campaigns.domain.effects import (
    BEFORE_ENROLLING,
    DISBELIEVED,
    PATIENT_KINDS,
    EffectWanted,
    VisitBody,
    instant,
)
from campaigns.domain.snapshot import EffectFacts, EnrollmentFacts, Snapshot
from campaigns.domain.values import (
    CancelReason,
    Channel,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    System,
)

# Relatient's own refusals that say the same as a code of the ledger.
CREDENTIALS_REJECTED = "credentials_rejected"
REFUSALS: dict[str, Code] = {
    CREDENTIALS_REJECTED: Code.CREDENTIALS_REJECTED,
    "ambiguous": Code.PATIENT_AMBIGUOUS,
    "opted_out": Code.OPTED_OUT,
    "campaign_inactive": Code.CAMPAIGN_INACTIVE,
}


@dataclass(frozen=True)
class Difference:
    """The effects wanted and, where something is on its way or refused, the code that says so."""

    effects: tuple[EffectWanted, ...] = ()
    code: Code | None = None


def difference(snapshot: Snapshot, plan: Plan) -> Difference:
    """Compare the plan with the enrollments as they are."""
    found, surplus = _difference(snapshot, plan), _surplus(snapshot)
    tells = [ask(snapshot, tell) for tell in plan.tells]
    told = tuple(effect for tell in tells for effect in tell.effects)
    failed = next((tell.code for tell in tells if _failed(tell.code)), None)
    return Difference(
        (*surplus.effects, *told, *found.effects), surplus.code or found.code or failed
    )


def _surplus(snapshot: Snapshot) -> Difference:
    """End what is active at Relatient beside the enrollment that counts, whatever is planned."""
    ends = [_cancel(snapshot, e, CancelReason.SUPERSEDED) for e in snapshot.surplus if e.is_live]
    failed = next((end.code for end in ends if _failed(end.code)), None)
    return Difference(tuple(effect for end in ends for effect in end.effects), failed)


def _difference(snapshot: Snapshot, plan: Plan) -> Difference:
    if plan.keep:
        return _reads(snapshot, plan)
    live = live_enrollment(snapshot)
    if plan.reminder is None:
        return _without(snapshot, plan, live)
    if live is not None:
        return _with_live(snapshot, plan, live)
    return _first(snapshot, plan)


def _reads(snapshot: Snapshot, plan: Plan) -> Difference:
    """Ask for what has to be read first; the plan's own code stays while those reads take their
    course.
    """
    found = [ask(snapshot, read) for read in plan.reads]
    codes = [f.code for f in found if f.code not in (None, Code.EFFECT_IN_FLIGHT)]
    return Difference(tuple(e for f in found for e in f.effects), codes[0] if codes else None)


def live_enrollment(snapshot: Snapshot) -> EnrollmentFacts | None:
    """The appointment's own live enrollment; the database allows one."""
    return next((e for e in snapshot.own_enrollments if e.is_live), None)


def _without(snapshot: Snapshot, plan: Plan, live: EnrollmentFacts | None) -> Difference:
    """End what there is, since nothing should be enrolled. A queued enroll is dropped by leaving it
    out.
    """
    if live is None or live.status is EnrollmentStatus.WANTED:
        return Difference()
    return _cancel(snapshot, live, plan.cancel_reason)


def _cancel(snapshot: Snapshot, live: EnrollmentFacts, reason: CancelReason) -> Difference:
    if live.status is EnrollmentStatus.ENROLLING:
        return _waiting(snapshot)
    if live.status is EnrollmentStatus.CANCELLING:
        reason = _cancelling_reason(snapshot, live)
    wanted = EffectWanted(
        EffectKind.CANCEL_ENROLLMENT, {"reason": reason.value}, enrollment_id=live.id
    )
    return ask(snapshot, wanted)


def _with_live(snapshot: Snapshot, plan: Plan, live: EnrollmentFacts) -> Difference:
    assert plan.reminder is not None
    if live.status is EnrollmentStatus.WANTED:
        return _first(snapshot, plan)
    if live.status is EnrollmentStatus.ENROLLING:
        return _waiting(snapshot)
    if live.foreign:
        return _cancel(snapshot, live, CancelReason.SUPERSEDED)
    if live.status is EnrollmentStatus.CANCELLING or live.campaign != plan.campaign:
        return _cancel(snapshot, live, CancelReason.ROUTE_CHANGED)
    patient = _patient_step(snapshot, plan)
    change = _change(snapshot, plan, live)
    return Difference(patient.effects + change.effects, change.code or _failed(patient.code))


def _failed(code: Code | None) -> Code | None:
    """The code if it says that something failed; a patient's record that is only on its way does
    not make an enrolled visit less enrolled.
    """
    return code if code is not None and state_of(code) is State.FAILED else None


def _cancelling_reason(snapshot: Snapshot, live: EnrollmentFacts) -> CancelReason:
    """The reason of the cancel that is on its way: asking with another one would end it twice."""
    for effect in snapshot.effects:
        if effect.kind is EffectKind.CANCEL_ENROLLMENT and effect.enrollment_id == live.id:
            return CancelReason(effect.body["reason"])
    return CancelReason.SUPERSEDED


def _change(snapshot: Snapshot, plan: Plan, live: EnrollmentFacts) -> Difference:
    """Update what differs, then resend if the patient was last sent other details."""
    assert plan.reminder is not None
    if live.vendor_state != plan.reminder:
        update = {"reminder": plan.reminder}
        wanted = EffectWanted(
            EffectKind.UPDATE_ENROLLMENT, update, basis=_consents(snapshot), enrollment_id=live.id
        )
    elif not _knows(live, plan.reminder["visit"]) and not live.resend_dropped:
        resend = {"visit": plan.reminder["visit"]}
        wanted = EffectWanted(
            EffectKind.RESEND, resend, basis=_consents(snapshot), enrollment_id=live.id
        )
    else:
        return Difference()
    found = ask(snapshot, wanted)
    # The patient stays enrolled while a change is on its way; a refusal, of any kind, is shown.
    return Difference(found.effects, _failed(found.code) if found.effects else found.code)


def _knows(live: EnrollmentFacts, visit: VisitBody) -> bool:
    """Whether these details are what the patient was last sent.

    The link of a video visit is no news, nor is another spelling of the same provider's name.
    """
    no_news = {"join_url": "", "provider_name": ""}
    return live.last_announced is not None and {**live.last_announced, **no_news} == {
        **visit,
        **no_news,
    }


def _first(snapshot: Snapshot, plan: Plan) -> Difference:
    assert plan.reminder is not None
    own = snapshot.own_enrollments
    if own and own[-1].status is EnrollmentStatus.COMPLETED and _same(own[-1], plan):
        return Difference()
    before = _beside(snapshot) or _lineage_waits(snapshot) or _rereads(snapshot)
    if before is not None:
        return before
    patient = _patient_step(snapshot, plan)
    if patient.code is not None or not snapshot.patient.relatient_id:
        return patient
    if any(tell.body["state"] == YES for tell in plan.tells):
        # Relatient would still hold our no against the patient.
        return Difference(code=Code.EFFECT_IN_FLIGHT)
    return _enroll(snapshot, plan)


def _same(newest: EnrollmentFacts, plan: Plan) -> bool:
    """Whether a completed enrollment was for the present start and kind of visit."""
    assert plan.reminder is not None
    held = newest.vendor_state["visit"]["starts_at"] if newest.vendor_state else ""
    if newest.foreign:
        return False
    return newest.campaign == plan.campaign and held == plan.reminder["visit"]["starts_at"]


def _beside(snapshot: Snapshot) -> Difference | None:
    """End a second enrollment before another is made: Relatient would name it as the active one."""
    for enrollment in snapshot.surplus:
        if enrollment.is_live:
            end = EffectWanted(EffectKind.CANCEL_ENROLLMENT, enrollment_id=enrollment.id)
            return Difference(code=progress(snapshot, end))
    return None


def _lineage_waits(snapshot: Snapshot) -> Difference | None:
    """Wait while an earlier appointment of this lineage still has an enrollment; its own look ends
    it.

    If that enrollment cannot be ended nothing is enrolled here, and this visit says why.
    """
    others = {
        e.id
        for e in snapshot.enrollments
        if e.appointment_id != snapshot.appointment.id and e.is_live
    }
    if not others:
        return None
    ending = (EffectKind.ENROLL, EffectKind.CANCEL_ENROLLMENT)
    theirs = [e for e in snapshot.effects if e.enrollment_id in others and e.kind in ending]
    refused = next((e for e in theirs if e.status is EffectStatus.REJECTED), None)
    if refused is not None:
        return Difference(code=REFUSALS.get(refused.code, Code.VENDOR_REJECTED))
    return Difference(code=_progress_of(theirs, System.ENGAGEMENT in snapshot.paused))


def _rereads(snapshot: Snapshot) -> Difference | None:
    """Read the patient's other enrolled visits again, unless that was done since this one appeared.

    The new row of a reschedule does not name the old one and may be seen first.
    """
    seen = snapshot.appointment.first_seen_at
    reads = [
        EffectWanted(
            EffectKind.READ_APPOINTMENT,
            {"appointment": sibling.external_id},
            purpose=BEFORE_ENROLLING,
            appointment_id=sibling.appointment_id,
        )
        for sibling in snapshot.siblings
        if sibling.enrolled
        and seen is not None
        and (sibling.read_at is None or sibling.read_at < seen)
    ]
    if not reads:
        return None
    found = [ask(snapshot, read) for read in reads]
    failed = next((f.code for f in found if _failed(f.code)), None)
    return Difference(tuple(e for f in found for e in f.effects), failed or Code.EFFECT_IN_FLIGHT)


def _patient_step(snapshot: Snapshot, plan: Plan) -> Difference:
    """Relatient must know the patient, as they are now, before anything is enrolled."""
    assert plan.patient is not None
    body = plan.patient
    if snapshot.patient.relatient_id and snapshot.patient.relatient_state == body:
        return Difference()
    return ask(snapshot, EffectWanted(EffectKind.UPSERT_PATIENT, dict(body)))


def _enroll(snapshot: Snapshot, plan: Plan) -> Difference:
    assert plan.reminder is not None
    window = snapshot.settings.send_windows[Channel(plan.reminder["lead_channel"])]
    body = {
        "patient": snapshot.patient.relatient_id,
        "campaign": plan.campaign,
        "reminder": plan.reminder,
        "send_window": window,
    }
    found = ask(snapshot, EffectWanted(EffectKind.ENROLL, body, basis=_consents(snapshot)))
    return Difference(found.effects, found.code or Code.EFFECT_IN_FLIGHT)


def _consents(snapshot: Snapshot) -> Mapping[str, Any]:
    """The consents, on which Relatient's refusal to enroll depends."""
    patient = snapshot.patient
    words = sorted((*patient.consents, *patient.told.values()), key=lambda c: (c.at, c.channel))
    return {"consents": [[c.channel.value, c.state, instant(c.at)] for c in words]}


def ask(snapshot: Snapshot, wanted: EffectWanted) -> Difference:
    """Ask for an effect, unless the vendor refused the same before and nothing has
    changed since.
    """
    refused = next((e for e in snapshot.effects if _refusal_stands(e, wanted)), None)
    if refused is not None:
        return Difference(code=REFUSALS.get(refused.code, Code.VENDOR_REJECTED))
    return Difference((wanted,), progress(snapshot, wanted))


def _refusal_stands(effect: EffectFacts, wanted: EffectWanted) -> bool:
    same_subject = wanted.kind is EffectKind.ENROLL or effect.enrollment_id == wanted.enrollment_id
    return (
        effect.status is EffectStatus.REJECTED
        and effect.kind is wanted.kind
        # A read that was refused long ago must not keep an old row believed.
        and (wanted.purpose != DISBELIEVED or effect.purpose == DISBELIEVED)
        and same_subject
        and effect.body == wanted.body
        and effect.basis == wanted.basis
    )


def _waiting(snapshot: Snapshot) -> Difference:
    """Wait for the enrollment that is being made; what should change is changed after its
    outcome.
    """
    enrolling = EffectWanted(EffectKind.ENROLL)
    return Difference(code=progress(snapshot, enrolling))


def progress(snapshot: Snapshot, wanted: EffectWanted) -> Code:
    """How far a wanted effect is, as the ledger says it."""
    mine = [
        e
        for e in snapshot.effects
        if e.kind is wanted.kind
        and e.enrollment_id == (wanted.enrollment_id or e.enrollment_id)
        and e.appointment_id in (None, snapshot.appointment.id)
    ]
    if any(e.status is EffectStatus.PARKED for e in _lane(snapshot, wanted)):
        return Code.OUTCOME_UNKNOWN
    return _progress_of(mine, wanted.system in snapshot.paused)


def _lane(snapshot: Snapshot, wanted: EffectWanted) -> Iterator[EffectFacts]:
    """The effects of which only one may be in flight together with the wanted one."""
    subject = None if wanted.kind in PATIENT_KINDS else snapshot.appointment.id
    return (
        e for e in snapshot.effects if e.system is wanted.system and e.appointment_id == subject
    )


def _progress_of(effects: Sequence[EffectFacts], paused: bool) -> Code:
    statuses = {e.status for e in effects}
    if EffectStatus.PARKED in statuses:
        return Code.OUTCOME_UNKNOWN
    if paused:
        refused = any(e.code == CREDENTIALS_REJECTED for e in effects)
        return Code.CREDENTIALS_REJECTED if refused else Code.CONNECTION_PAUSED
    if EffectStatus.UNKNOWN in statuses:
        return Code.WAITING_TO_RETRY
    if any(e.status is EffectStatus.QUEUED and e.attempts for e in effects):
        return Code.WAITING_TO_RETRY
    return Code.EFFECT_IN_FLIGHT
