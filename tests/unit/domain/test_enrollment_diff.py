"""From what is to what should be: one thing at a time, and a refusal stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.coverage import Code
from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision
from campaigns.domain.effects import EffectWanted
from campaigns.domain.snapshot import EffectFacts, EnrollmentFacts, Snapshot
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    System,
    WorkItemKind,
)
from tests.unit.domain.snapshots import (
    CMP,
    CMP_HIGH,
    NOW,
    START,
    a_consent,
    a_patient,
    a_rule,
    a_sibling,
    a_snapshot,
    an_appointment,
    an_effect,
    an_enrollment,
    an_instruction,
    enrolled,
    known_at_relatient,
    settings,
)

MOVED = an_appointment(starts_at=START + timedelta(days=1))


def kinds(decision: Decision) -> list[EffectKind]:
    return [effect.kind for effect in decision.effects]


def only(decision: Decision) -> EffectWanted:
    (effect,) = decision.effects
    return effect


def decided(snapshot: Snapshot) -> Decision:
    return decide(snapshot, NOW)


def with_own(snapshot: Snapshot, status: EnrollmentStatus, **fields: Any) -> Snapshot:
    row = an_enrollment(a_snapshot(), status, **fields)
    return replace(snapshot, enrollments=(row,))


def refusal_of(wanted: EffectWanted, code: str = "invalid") -> EffectFacts:
    return an_effect(
        wanted.kind,
        EffectStatus.REJECTED,
        body=wanted.body,
        basis=wanted.basis,
        enrollment_id=wanted.enrollment_id,
        code=code,
    )


def test_a_patient_unknown_at_relatient_comes_first() -> None:
    decision = decided(a_snapshot(patient=a_patient()))
    assert kinds(decision) == [EffectKind.UPSERT_PATIENT]
    assert decision.code is Code.EFFECT_IN_FLIGHT


def test_then_the_visit_is_enrolled() -> None:
    effect = only(decided(a_snapshot()))
    assert effect.kind is EffectKind.ENROLL
    assert effect.body["patient"] == "rp1"
    assert effect.body["campaign"] == CMP
    assert effect.body["send_window"] == {"start": "09:00", "end": "21:00"}


def test_an_enrolled_visit_wants_nothing() -> None:
    decision = decided(enrolled())
    assert decision.code is Code.ENROLLED
    assert not decision.effects


def test_a_moved_visit_is_updated_then_told_again() -> None:
    moved = replace(enrolled(), appointment=MOVED)
    update = only(decided(moved))
    assert update.kind is EffectKind.UPDATE_ENROLLMENT
    assert decided(moved).code is Code.ENROLLED
    held = replace(moved.enrollments[0], vendor_state=update.body["reminder"])
    resend = only(decided(replace(moved, enrollments=(held,))))
    assert resend.kind is EffectKind.RESEND
    assert resend.body["visit"]["starts_at"] == "2026-03-10T18:00:00Z"
    told = replace(held, last_announced=resend.body["visit"])
    assert not decided(replace(moved, enrollments=(told,))).effects


def test_a_dropped_resend_is_not_owed_any_more() -> None:
    snapshot = replace(enrolled(), appointment=MOVED)
    update = only(decided(snapshot))
    held = replace(
        snapshot.enrollments[0], vendor_state=update.body["reminder"], resend_dropped=True
    )
    assert not decided(replace(snapshot, enrollments=(held,))).effects


def test_a_new_address_of_the_recipient_is_an_update_without_resend() -> None:
    before = enrolled()
    patient = replace(before.patient, email="new@example.org")
    decision = decided(replace(before, patient=patient))
    assert kinds(decision) == [EffectKind.UPSERT_PATIENT, EffectKind.UPDATE_ENROLLMENT]
    assert decision.code is Code.ENROLLED
    update = decision.effects[1]
    held = replace(before.enrollments[0], vendor_state=update.body["reminder"])
    known = replace(patient, relatient_state=dict(decision.effects[0].body))
    assert not decided(replace(before, patient=known, enrollments=(held,))).effects


def test_an_opt_out_of_one_channel_narrows_and_of_all_ends() -> None:
    before = enrolled()
    patient = replace(before.patient, consents=(a_consent(Channel.SMS),))
    update = only(decided(replace(before, patient=patient)))
    assert update.body["reminder"]["channels"] == ["email", "voice"]
    patient = replace(before.patient, consents=tuple(a_consent(channel) for channel in Channel))
    decision = decided(replace(before, patient=patient))
    assert decision.code is Code.OPTED_OUT
    assert only(decision).body == {"reason": "opted_out"}


def test_another_campaign_is_cancel_then_enroll() -> None:
    before = replace(enrolled(), rules=(a_rule(CMP_HIGH),))
    decision = decided(before)
    assert only(decision).kind is EffectKind.CANCEL_ENROLLMENT
    assert only(decision).body == {"reason": "route_changed"}
    assert decision.code is Code.EFFECT_IN_FLIGHT
    ended = with_own(before, EnrollmentStatus.CANCELLED)
    assert only(decided(ended)).body["campaign"] == CMP_HIGH


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (AppointmentStatus.CANCELLED, "appointment_cancelled"),
        (AppointmentStatus.RESCHEDULED, "appointment_rescheduled"),
        (AppointmentStatus.CHECKED_IN, "not_eligible"),
        (AppointmentStatus.COMPLETED, "not_eligible"),
    ],
)
def test_a_closed_visit_ends_its_enrollment(status: AppointmentStatus, reason: str) -> None:
    decision = decided(replace(enrolled(), appointment=an_appointment(status=status)))
    assert only(decision).body == {"reason": reason}
    assert decision.code == status.value


def test_a_queued_enrollment_is_dropped_by_not_being_asked_for() -> None:
    cancelled = an_appointment(status=AppointmentStatus.CANCELLED)
    snapshot = with_own(
        a_snapshot(appointment=cancelled), EnrollmentStatus.WANTED, vendor_state=None
    )
    assert not decided(snapshot).effects


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (EffectStatus.CLAIMED, Code.EFFECT_IN_FLIGHT),
        (EffectStatus.UNKNOWN, Code.WAITING_TO_RETRY),
        (EffectStatus.PARKED, Code.OUTCOME_UNKNOWN),
    ],
)
def test_what_is_in_flight_is_waited_for(status: EffectStatus, code: Code) -> None:
    snapshot = with_own(a_snapshot(), EnrollmentStatus.ENROLLING, vendor_state=None)
    snapshot = replace(
        snapshot, effects=(an_effect(EffectKind.ENROLL, status, enrollment_id=1, attempts=1),)
    )
    for facts in ({}, {"rules": (a_rule(CMP_HIGH),)}):
        decision = decided(replace(snapshot, **facts))
        assert not decision.effects
    assert decided(snapshot).code is code
    cancelled = replace(snapshot, appointment=an_appointment(status=AppointmentStatus.CANCELLED))
    assert not decided(cancelled).effects


def test_a_queued_effect_that_was_tried_waits_to_retry() -> None:
    snapshot = a_snapshot()
    wanted = only(decided(snapshot))
    tried = an_effect(EffectKind.ENROLL, body=wanted.body, basis=wanted.basis, attempts=2)
    assert decided(replace(snapshot, effects=(tried,))).code is Code.WAITING_TO_RETRY


def test_a_paused_connection_is_said() -> None:
    decision = decided(a_snapshot(paused=frozenset({System.ENGAGEMENT})))
    assert decision.code is Code.CONNECTION_PAUSED
    assert kinds(decision) == [EffectKind.ENROLL]


def test_a_cancellation_on_its_way_keeps_its_reason() -> None:
    ending = an_effect(
        EffectKind.CANCEL_ENROLLMENT,
        EffectStatus.CLAIMED,
        body={"reason": "route_changed"},
        enrollment_id=1,
    )
    cancelled = an_appointment(status=AppointmentStatus.CANCELLED)
    for appointment in (an_appointment(), cancelled):
        snapshot = a_snapshot(appointment=appointment, effects=(ending,))
        snapshot = with_own(snapshot, EnrollmentStatus.CANCELLING)
        assert only(decided(snapshot)).body == {"reason": "route_changed"}


def test_completed_for_the_present_start_and_route_is_success() -> None:
    done = with_own(a_snapshot(), EnrollmentStatus.COMPLETED)
    assert decided(done).code is Code.ENROLLED
    assert not decided(done).effects
    assert kinds(decided(replace(done, appointment=MOVED))) == [EffectKind.ENROLL]
    assert kinds(decided(replace(done, rules=(a_rule(CMP_HIGH),)))) == [EffectKind.ENROLL]


def ended_elsewhere(**facts: Any) -> Snapshot:
    return with_own(
        a_snapshot(**facts), EnrollmentStatus.CANCELLED, ended_elsewhere=True, ended_at=NOW
    )


def test_an_enrollment_that_ended_elsewhere_is_a_work_item_never_re_enrolled() -> None:
    for facts in ({}, {"rules": (a_rule(CMP_HIGH),)}):
        decision = decided(ended_elsewhere(**facts))
        assert decision.code is Code.ENDED_ELSEWHERE
        assert not decision.effects
        assert [item.kind for item in decision.work_items] == [WorkItemKind.ENDED_ELSEWHERE]


def test_ended_elsewhere_is_shown_before_missing_contact_data() -> None:
    decision = decided(ended_elsewhere(appointment=an_appointment(providers=())))
    assert decision.code is Code.ENDED_ELSEWHERE


@pytest.mark.parametrize(("minutes", "again"), [(-1, False), (0, False), (1, True)])
def test_an_enrollment_by_hand_since_then_takes_it_up_again(minutes: int, again: bool) -> None:
    by_hand = an_instruction(InstructionKind.ENROLLED, CMP, NOW + timedelta(minutes=minutes))
    decision = decided(ended_elsewhere(instruction=by_hand))
    assert (kinds(decision) == [EffectKind.ENROLL]) is again


@pytest.mark.parametrize("surplus", [False, True])
def test_reminders_that_could_not_be_ended_are_an_item_until_the_visit_is_over(
    surplus: bool,
) -> None:
    """A look is due when it is over, or the item of a closed visit would stay for ever."""
    cancelled = a_snapshot(appointment=an_appointment(status=AppointmentStatus.CANCELLED))
    ending = an_effect(
        EffectKind.CANCEL_ENROLLMENT,
        EffectStatus.PARKED,
        enrollment_id=1,
        body={"reason": "superseded"},
    )
    going_on = with_own(cancelled, EnrollmentStatus.CANCELLING, surplus=surplus)
    stuck = replace(going_on, effects=(ending,))
    decision = decided(stuck)
    assert [item.kind for item in decision.work_items] == [WorkItemKind.REMINDERS_NOT_ENDED]
    assert decision.look_again_at == START
    assert not decide(stuck, START).work_items


def an_earlier(status: EnrollmentStatus) -> EnrollmentFacts:
    return an_enrollment(a_snapshot(), status, id=9, appointment_id=5)


@pytest.mark.parametrize(
    "status",
    [
        EnrollmentStatus.WANTED,
        EnrollmentStatus.ENROLLING,
        EnrollmentStatus.ACTIVE,
        EnrollmentStatus.CANCELLING,
    ],
)
def test_what_the_lineage_still_holds_ends_first(status: EnrollmentStatus) -> None:
    decision = decided(a_snapshot(enrollments=(an_earlier(status),)))
    assert decision.code is Code.EFFECT_IN_FLIGHT
    assert not decision.effects


def test_the_end_of_it_lets_the_new_one_begin() -> None:
    for status in (EnrollmentStatus.CANCELLED, EnrollmentStatus.COMPLETED):
        decision = decided(a_snapshot(enrollments=(an_earlier(status),)))
        assert kinds(decision) == [EffectKind.ENROLL]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (EffectStatus.REJECTED, Code.VENDOR_REJECTED),
        (EffectStatus.PARKED, Code.OUTCOME_UNKNOWN),
        (EffectStatus.UNKNOWN, Code.WAITING_TO_RETRY),
    ],
)
def test_if_it_cannot_end_nothing_is_enrolled_and_the_visit_says_why(
    status: EffectStatus, code: Code
) -> None:
    ending = an_effect(
        EffectKind.CANCEL_ENROLLMENT, status, appointment_id=5, enrollment_id=9, attempts=1
    )
    snapshot = a_snapshot(enrollments=(an_earlier(EnrollmentStatus.ACTIVE),), effects=(ending,))
    assert decided(snapshot).code is code
    assert not decided(snapshot).effects


def test_other_enrolled_visits_are_read_again_before_a_first_enrollment() -> None:
    seen = an_appointment(first_seen_at=NOW)
    old = a_sibling(read_at=NOW - timedelta(minutes=1))
    snapshot = known_at_relatient(a_snapshot(appointment=seen, siblings=(old,)))
    effect = only(decided(snapshot))
    assert (effect.kind, effect.appointment_id) == (EffectKind.READ_APPOINTMENT, 2)
    fresh = replace(snapshot, siblings=(a_sibling(read_at=NOW),))
    assert kinds(decided(fresh)) == [EffectKind.ENROLL]
    # A patient with two visits keeps both reminders: the other one's stands in nobody's way.
    assert kinds(decided(replace(snapshot, siblings=(a_sibling(enrolled=False),)))) == [
        EffectKind.ENROLL
    ]


def test_a_refusal_stands_until_body_or_basis_changes() -> None:
    snapshot = a_snapshot()
    refused = replace(snapshot, effects=(refusal_of(only(decided(snapshot))),))
    assert decided(refused).code is Code.VENDOR_REJECTED
    assert not decided(refused).effects
    other_body = replace(refused, appointment=MOVED)
    assert kinds(decided(other_body)) == [EffectKind.ENROLL]
    agreed = (a_consent(Channel.SMS, "opted_in"),)
    other_basis = replace(refused, patient=replace(refused.patient, consents=agreed))
    assert kinds(decided(other_basis)) == [EffectKind.ENROLL]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("credentials_rejected", Code.CREDENTIALS_REJECTED),
        ("ambiguous", Code.PATIENT_AMBIGUOUS),
        ("opted_out", Code.OPTED_OUT),
        ("campaign_inactive", Code.CAMPAIGN_INACTIVE),
        ("anything_else", Code.VENDOR_REJECTED),
    ],
)
def test_a_refusal_is_shown_in_the_ledgers_words(code: str, shown: Code) -> None:
    snapshot = a_snapshot()
    refused = replace(snapshot, effects=(refusal_of(only(decided(snapshot)), code),))
    assert decided(refused).code is shown


def test_a_refused_read_is_not_asked_for_again() -> None:
    snapshot = a_snapshot(patient=a_patient(read_at=None))
    refused = replace(snapshot, effects=(refusal_of(only(decided(snapshot))),))
    assert decided(refused).code is Code.VENDOR_REJECTED
    assert not decided(refused).effects


def test_nor_is_a_refused_reread() -> None:
    snapshot = enrolled()
    snapshot = replace(snapshot, appointment=an_appointment(reread_wanted=True))
    reread = only(decided(snapshot))
    assert reread.purpose == "overlap"
    refused = replace(snapshot, effects=(refusal_of(reread),))
    assert not decided(refused).effects
    assert decided(refused).code is Code.ENROLLED


def test_an_end_that_was_refused_is_shown_while_the_visit_is_ahead() -> None:
    snapshot = replace(enrolled(), rules=())
    refused = replace(snapshot, effects=(refusal_of(only(decided(snapshot))),))
    assert decided(refused).code is Code.VENDOR_REJECTED
    over = replace(enrolled(), appointment=an_appointment(status=AppointmentStatus.CANCELLED))
    refused = replace(over, effects=(refusal_of(only(decided(over))),))
    assert decided(refused).code is Code.CANCELLED


def test_the_desk_is_asked_once_whichever_way() -> None:
    unreachable = a_patient(mobile_phone="", email="")
    snapshot = a_snapshot(patient=unreachable)
    decision = decided(snapshot)
    assert only(decision).kind is EffectKind.PATIENT_CASE
    assert [item.kind for item in decision.work_items] == [WorkItemKind.NO_CONTACT]
    asked = an_effect(EffectKind.PATIENT_CASE, EffectStatus.ACCEPTED, purpose="contact")
    by_note = settings(desk_task="schedule_note")
    for changed in (snapshot, replace(snapshot, settings=by_note)):
        assert not decided(replace(changed, effects=(asked,))).effects
    assert only(decided(replace(snapshot, settings=by_note))).kind is EffectKind.SCHEDULE_NOTE
