"""The world outside, in pure Python: what becomes of a snapshot when its effects are carried out.

One round is what the loop does in production: the wanted effects become rows of an outbox as
outbox/queue.py makes them, the vendors say yes (or no), and what they then hold is
what the next look sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision
from campaigns.domain.effects import JOIN_LINK, PATIENT_KINDS, WAITLIST, EffectWanted
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.snapshot import EffectFacts, EnrollmentFacts, Snapshot
from campaigns.domain.values import (
    IN_FLIGHT,
    AppointmentStatus,
    Confirmation,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    System,
)

REMEMBERED = {
    EffectKind.WAITLIST_NOTICE,
    EffectKind.CANCEL_APPOINTMENT,
    EffectKind.WRITE_CONFIRMATION,
    EffectKind.SCHEDULE_NOTE,
    EffectKind.PATIENT_CASE,
}


@dataclass
class World:
    """`refuses` makes both vendors say no to everything that is tried from now on."""

    snapshot: Snapshot
    now: datetime
    refuses: bool = False
    sent: int = 0
    link: str = "https://visit.example.org/1"

    def settle(self, rounds: int = 12) -> Decision:
        """Look and act until a look changes nothing; fails when that does not happen."""
        for _ in range(rounds):
            before = self.snapshot
            decision = self.round()
            if self.snapshot == before:
                return decision
        raise AssertionError(f"still {decision.code} after {rounds} rounds: {decision.effects}")

    def round(self) -> Decision:
        """One look, and everything that follows from it."""
        decision = decide(self.snapshot, self.now)
        self._replies(decision)
        self._outbox(decision)
        for effect in self.snapshot.effects:
            if self._may_be_tried(effect):
                self._try(effect)
        self._others()
        return decision

    def _replies(self, decision: Decision) -> None:
        outcomes = {verdict.reply_id: verdict.outcome for verdict in decision.replies}
        replies = tuple(
            replace(r, outcome=outcomes.get(r.id, r.outcome)) for r in self.snapshot.replies
        )
        self.snapshot = replace(self.snapshot, replies=replies)

    def _outbox(self, decision: Decision) -> None:
        """Queued and not wanted is dropped, wanted and not there is queued."""
        mine = self.snapshot.appointment.id
        wanted = list(decision.effects)
        kept: list[EffectFacts] = []
        for effect in self.snapshot.effects:
            match = next((w for w in wanted if _same(effect, w, mine)), None)
            if match is not None and _live(effect):
                wanted.remove(match)
            elif effect.status is EffectStatus.QUEUED:
                self._drop(effect)
                continue
            kept.append(effect)
        for want in wanted:
            kept = [e for e in kept if not _refused_before(e, want, mine)]
            kept.append(self._queued(want, kept))
        self.snapshot = replace(self.snapshot, effects=tuple(kept))

    def _drop(self, effect: EffectFacts) -> None:
        if effect.kind is EffectKind.ENROLL and effect.enrollment_id is not None:
            self._change(effect.enrollment_id, status=EnrollmentStatus.CANCELLED)

    def _queued(self, want: EffectWanted, others: list[EffectFacts]) -> EffectFacts:
        enrollment_id = want.enrollment_id
        if want.kind is EffectKind.ENROLL:
            enrollment_id = self._plan_enrollment(want)
        about = None if want.kind in PATIENT_KINDS else self.snapshot.appointment.id
        return EffectFacts(
            id=1 + max((e.id for e in others), default=0),
            kind=want.kind,
            status=EffectStatus.QUEUED,
            body=want.body,
            basis=want.basis,
            purpose=want.purpose,
            appointment_id=want.appointment_id or about,
            enrollment_id=enrollment_id,
            response_id=want.response_id,
        )

    def _plan_enrollment(self, want: EffectWanted) -> int:
        own = self.snapshot.own_enrollments
        new = EnrollmentFacts(
            id=1 + max((e.id for e in self.snapshot.enrollments), default=0),
            appointment_id=self.snapshot.appointment.id,
            generation=1 + max((e.generation for e in own), default=0),
            campaign=want.body["campaign"],
            status=EnrollmentStatus.WANTED,
        )
        live = [e for e in own if e.status in LIVE and e.status is not EnrollmentStatus.WANTED]
        assert not live, "a second live enrollment of one appointment"
        self.snapshot = replace(self.snapshot, enrollments=(*self.snapshot.enrollments, new))
        return new.id

    def _may_be_tried(self, effect: EffectFacts) -> bool:
        if effect.system in self.snapshot.paused or not _live(effect):
            return False
        if effect.status is EffectStatus.PARKED:
            return False
        # One lane per vendor and subject: what is in flight goes first.
        return effect.status is not EffectStatus.QUEUED or not any(
            other.status in IN_FLIGHT
            and (other.vendor, other.appointment_id) == (effect.vendor, effect.appointment_id)
            for other in self.snapshot.effects
        )

    def _try(self, effect: EffectFacts) -> None:
        self.sent += 1
        if self.refuses:
            done = replace(effect, status=EffectStatus.REJECTED, code="refused", sentence="No.")
            self._replace(effect, done)
            if effect.kind is EffectKind.ENROLL and effect.enrollment_id is not None:
                self._change(effect.enrollment_id, status=EnrollmentStatus.FAILED)
            return
        done = replace(effect, status=EffectStatus.ACCEPTED)
        remembered = effect.kind in REMEMBERED or effect.purpose == WAITLIST
        self._replace(effect, done if remembered else None)
        getattr(self, f"_{effect.kind.value}")(effect)

    def _replace(self, old: EffectFacts, new: EffectFacts | None) -> None:
        rows = [new if e is old else e for e in self.snapshot.effects]
        self.snapshot = replace(self.snapshot, effects=tuple(e for e in rows if e is not None))

    def _change(self, enrollment_id: int | None, **fields: Any) -> None:
        rows = tuple(
            replace(e, **fields) if e.id == enrollment_id else e for e in self.snapshot.enrollments
        )
        self.snapshot = replace(self.snapshot, enrollments=rows)

    def _patient(self, **fields: Any) -> None:
        self.snapshot = replace(self.snapshot, patient=replace(self.snapshot.patient, **fields))

    def _appointment(self, **fields: Any) -> None:
        changed = replace(self.snapshot.appointment, **fields)
        self.snapshot = replace(self.snapshot, appointment=changed)

    def _others(self) -> None:
        """The earlier appointments of the lineage are over; their own looks end what they hold."""
        if self.refuses or System.ENGAGEMENT in self.snapshot.paused:
            return
        for e in self.snapshot.enrollments:
            if e.appointment_id != self.snapshot.appointment.id and e.status in LIVE:
                self._change(e.id, status=EnrollmentStatus.CANCELLED, ended_at=self.now)

    def _read_patient(self, effect: EffectFacts) -> None:
        self._patient(read_at=self.now, reread_wanted=False)

    def _read_history(self, effect: EffectFacts) -> None:
        self._patient(history_read_at=self.now)

    def _read_appointment(self, effect: EffectFacts) -> None:
        if effect.purpose == JOIN_LINK:
            self._appointment(join_url=self.link, join_read_at=self.now)
            return
        if effect.purpose == WAITLIST:
            return
        if effect.appointment_id == self.snapshot.appointment.id:
            self._appointment(reread_wanted=False)
        siblings = tuple(
            replace(s, read_at=self.now) if s.appointment_id == effect.appointment_id else s
            for s in self.snapshot.siblings
        )
        self.snapshot = replace(self.snapshot, siblings=siblings)

    def _read_enrollment(self, effect: EffectFacts) -> None:
        self._change(effect.enrollment_id, reread_wanted=False)

    def _upsert_patient(self, effect: EffectFacts) -> None:
        self._patient(relatient_id="rp1", relatient_state=dict(effect.body))

    def _enroll(self, effect: EffectFacts) -> None:
        reminder = effect.body["reminder"]
        self._change(
            effect.enrollment_id,
            status=EnrollmentStatus.ACTIVE,
            vendor_id=f"e{effect.enrollment_id}",
            vendor_state=reminder,
            last_announced=reminder["visit"],
        )

    def _update_enrollment(self, effect: EffectFacts) -> None:
        self._change(effect.enrollment_id, vendor_state=effect.body["reminder"])

    def _resend(self, effect: EffectFacts) -> None:
        self._change(effect.enrollment_id, last_announced=effect.body["visit"])

    def _cancel_enrollment(self, effect: EffectFacts) -> None:
        status = EnrollmentStatus.CANCELLED
        self._change(effect.enrollment_id, status=status, ended_at=self.now)

    def _write_confirmation(self, effect: EffectFacts) -> None:
        status = effect.body["confirmation_status"]
        self._appointment(confirmation=Confirmation.CONFIRMED, confirmation_id=status)

    def _cancel_appointment(self, effect: EffectFacts) -> None:
        self._appointment(status=AppointmentStatus.CANCELLED)

    def _schedule_note(self, effect: EffectFacts) -> None: ...

    def _patient_case(self, effect: EffectFacts) -> None: ...

    def _waitlist_notice(self, effect: EffectFacts) -> None: ...


def _live(effect: EffectFacts) -> bool:
    return effect.status is EffectStatus.QUEUED or effect.status in IN_FLIGHT


def _subject(effect: EffectFacts, want: EffectWanted, mine: int) -> bool:
    about = None if want.kind in PATIENT_KINDS else (want.appointment_id or mine)
    same_enrollment = want.kind is EffectKind.ENROLL or effect.enrollment_id == want.enrollment_id
    return (
        effect.kind is want.kind
        and effect.appointment_id == about
        and effect.response_id == want.response_id
        and same_enrollment
    )


def _same(effect: EffectFacts, want: EffectWanted, mine: int) -> bool:
    same_body = (effect.body, effect.basis) == (want.body, want.basis)
    return _subject(effect, want, mine) and same_body


def _refused_before(effect: EffectFacts, want: EffectWanted, mine: int) -> bool:
    same_purpose = effect.purpose == want.purpose
    return effect.status is EffectStatus.REJECTED and same_purpose and _subject(effect, want, mine)
