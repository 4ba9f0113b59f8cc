"""A campaign that stands against the rules, and what does not make it stand for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from campaigns.domain.coverage import Code
from campaigns.domain.decide import decide
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import (
    Confirmation,
    EffectKind,
    EnrollmentStatus,
    InstructionKind,
    Modality,
)
from campaigns.domain.video_link import ASK_AGAIN_AFTER
from tests.unit.domain.situations import visit, written_to
from tests.unit.domain.snapshots import (
    CMP,
    CMP_HIGH,
    CMP_OFFICE,
    CMP_SMS,
    NOW,
    START,
    a_patient,
    a_rule,
    a_snapshot,
    an_appointment,
    an_enrollment,
    an_instruction,
    enrolled,
    settings,
)

SOON = NOW + timedelta(hours=1)
PHYSICAL = "99"
BY_TYPE = (a_rule(), a_rule(CMP_SMS, id=2, type_id=PHYSICAL))
MISSED = (date(2026, 2, 1),)


def looked_at(snapshot: Snapshot) -> Snapshot:
    """The same after a look, which notes at the enrollment what its campaign was chosen for."""
    decision = decide(snapshot, NOW)
    if decision.route is None or decision.route.kept:
        return snapshot
    rows = tuple(
        replace(e, route=decision.route.kind) if e.campaign == decision.route.campaign else e
        for e in snapshot.enrollments
    )
    return replace(snapshot, enrollments=rows)


def test_a_campaign_kept_for_want_of_time_is_not_kept_once_there_is_time_again() -> None:
    told = written_to(enrolled(rules=BY_TYPE))
    late = visit(type_id=PHYSICAL, starts_at=SOON)(told)
    assert decide(late, NOW).campaign == CMP
    later = visit(starts_at=START)(looked_at(late))
    assert decide(later, NOW).campaign == CMP_SMS


def test_a_campaign_kept_until_an_approval_is_not_kept_for_the_new_kind_of_visit() -> None:
    told = written_to(enrolled(rules=BY_TYPE))
    waiting = replace(visit(type_id=PHYSICAL)(told), rules_before=(a_rule(),))
    assert decide(waiting, NOW).code is Code.HELD_FOR_APPROVAL
    approved = replace(looked_at(waiting), rules_before=None)
    assert decide(approved, NOW).campaign == CMP_SMS


def test_while_a_change_waits_a_video_visit_is_not_sent_to_the_office() -> None:
    office = (a_rule(CMP_OFFICE, modality="in_person"), a_rule(id=2, modality="telehealth"))
    told = written_to(enrolled(rules=office))
    changed = (office[0], a_rule(CMP_SMS, id=2, modality="telehealth"))
    waiting = replace(told, rules=changed, rules_before=office)
    decision = decide(visit(modality=Modality.TELEHEALTH)(waiting), NOW)
    assert decision.code is Code.HELD_FOR_APPROVAL
    assert [effect.kind for effect in decision.effects] == [EffectKind.CANCEL_ENROLLMENT]


def test_a_new_no_show_moves_no_confirmed_visit_that_the_rules_have_left() -> None:
    told = visit(confirmation=Confirmation.CONFIRMED)(written_to(enrolled()))
    left = replace(told, rules=(a_rule(CMP_SMS), a_rule(CMP_HIGH, id=2, risk="enhanced")))
    assert decide(left, NOW).campaign == CMP
    missed = replace(left, patient=replace(left.patient, no_shows=MISSED))
    assert decide(missed, NOW).campaign == CMP


def test_a_missing_link_that_keeps_a_visit_out_is_looked_for_again() -> None:
    today = NOW + timedelta(hours=8)
    room = an_appointment(starts_at=today, modality=Modality.TELEHEALTH, join_read_at=NOW)
    blocked = a_snapshot(
        appointment=room, patient=a_patient(), settings=settings(telehealth_link_required=True)
    )
    decision = decide(blocked, NOW)
    assert decision.code is Code.TELEHEALTH_LINK_MISSING
    assert decision.look_again_at == NOW + ASK_AGAIN_AFTER
    again = decide(blocked, NOW + ASK_AGAIN_AFTER)
    assert [effect.kind for effect in again.effects] == [EffectKind.READ_APPOINTMENT]


def test_a_campaign_by_hand_gives_way_to_the_rules_once_it_is_withdrawn() -> None:
    by_hand = replace(
        enrolled(rules=(a_rule(CMP_SMS),)),
        instruction=an_instruction(InstructionKind.ENROLLED, CMP),
    )
    told = written_to(looked_at(replace(by_hand, enrollments=(an_enrollment(by_hand),))))
    assert decide(told, NOW).campaign == CMP
    withdrawn = replace(told, instruction=None)
    assert decide(withdrawn, NOW).campaign == CMP_SMS


def test_an_enrollment_made_for_somebody_else_is_ended_and_never_counts() -> None:
    told = written_to(enrolled())
    theirs = replace(told, enrollments=(replace(told.enrollments[0], foreign=True),))
    (effect,) = decide(theirs, NOW).effects
    assert effect.kind is EffectKind.CANCEL_ENROLLMENT
    over = replace(theirs.enrollments[0], status=EnrollmentStatus.COMPLETED)
    (effect,) = decide(replace(theirs, enrollments=(over,)), NOW).effects
    assert effect.kind is EffectKind.ENROLL


def test_a_change_that_waits_and_leaves_the_visit_without_a_campaign_holds_nothing() -> None:
    excluded = a_snapshot(rules=(a_rule(""),), rules_before=())
    assert decide(excluded, NOW).code is Code.TYPE_EXCLUDED
