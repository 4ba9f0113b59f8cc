"""What would become of a visit if the vendors accepted everything that decisions ask for. Pure.

A decision asks for one thing at a time: Relatient gets the patient first, then the enrollment. The
dry run answers each request with "done" and decides again, until nothing is left that can be
foreseen; what a read would bring cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision
from campaigns.domain.effects import EffectWanted
from campaigns.domain.enrollment_diff import live_enrollment
from campaigns.domain.snapshot import Consent, EnrollmentFacts, Snapshot
from campaigns.domain.values import IN_FLIGHT, Channel, EffectKind, EffectStatus, EnrollmentStatus

# Stands for an id that Relatient would give.
_GIVEN = "given by Relatient"
# More than any visit needs: cancel, upsert the patient, enroll, resend.
_ROUNDS = 8


@dataclass(frozen=True)
class DryRun:
    """`first` is what a look would decide now, `last` how the visit would stand in the end.

    `effects` are all that would be asked for on the way, in order.
    """

    first: Decision
    last: Decision
    effects: tuple[EffectWanted, ...]


def dry_run(snapshot: Snapshot, now: datetime) -> DryRun:
    """Decide, and go on as if Relatient had accepted, until nothing new is asked for."""
    first = decision = decide(snapshot, now)
    asked = list(decision.effects)
    steps = _steps(snapshot, decision.effects)
    for _ in range(_ROUNDS):
        if not steps:
            break
        for step in steps:
            snapshot = _done(snapshot, step)
        decision = decide(snapshot, now)
        new = [effect for effect in decision.effects if effect not in asked]
        asked += new
        steps = _steps(snapshot, new)
    return DryRun(first, decision, tuple(asked))


def _steps(snapshot: Snapshot, effects: Iterable[EffectWanted]) -> list[EffectWanted]:
    """The effects whose acceptance can be foreseen; none while a real request is under way."""
    if any(effect.status in IN_FLIGHT for effect in snapshot.effects):
        return []
    return [
        effect
        for effect in effects
        if effect.kind in _ACCEPTED and effect.system not in snapshot.paused
    ]


def _done(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    left = tuple(
        known
        for known in snapshot.effects
        if known.kind is not effect.kind or known.status is not EffectStatus.QUEUED
    )
    return _ACCEPTED[effect.kind](replace(snapshot, effects=left), effect)


def _told_of_patient(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    patient = snapshot.patient
    body: Any = dict(effect.body)
    known = patient.relatient_id or _GIVEN
    return replace(snapshot, patient=replace(patient, relatient_id=known, relatient_state=body))


def _recorded(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    channel = Channel(effect.body["channel"])
    word = Consent(channel, effect.body["state"], datetime.max.replace(tzinfo=UTC))
    told = {**snapshot.patient.told, channel: word}
    return replace(snapshot, patient=replace(snapshot.patient, told=told))


def _enrolled(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    waiting = live_enrollment(snapshot)
    own = snapshot.own_enrollments
    made = EnrollmentFacts(
        id=waiting.id if waiting else 0,
        appointment_id=snapshot.appointment.id,
        generation=waiting.generation if waiting else (own[-1].generation + 1 if own else 1),
        campaign=effect.body["campaign"],
        status=EnrollmentStatus.ACTIVE,
        vendor_id=_GIVEN,
        vendor_state=effect.body["reminder"],
        last_announced=effect.body["reminder"]["visit"],
    )
    others = tuple(e for e in snapshot.enrollments if waiting is None or e.id != waiting.id)
    return replace(snapshot, enrollments=(*others, made))


def _changed(snapshot: Snapshot, effect: EffectWanted, **change: Any) -> Snapshot:
    rows = tuple(
        replace(row, **change) if row.id == effect.enrollment_id else row
        for row in snapshot.enrollments
    )
    return replace(snapshot, enrollments=rows)


def _ended(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    return _changed(snapshot, effect, status=EnrollmentStatus.CANCELLED)


def _updated(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    return _changed(snapshot, effect, vendor_state=effect.body["reminder"])


def _resent(snapshot: Snapshot, effect: EffectWanted) -> Snapshot:
    return _changed(snapshot, effect, last_announced=effect.body["visit"])


_ACCEPTED = {
    EffectKind.UPSERT_PATIENT: _told_of_patient,
    EffectKind.TELL_CONSENT: _recorded,
    EffectKind.ENROLL: _enrolled,
    EffectKind.CANCEL_ENROLLMENT: _ended,
    EffectKind.UPDATE_ENROLLMENT: _updated,
    EffectKind.RESEND: _resent,
}
