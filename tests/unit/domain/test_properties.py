"""What holds for every snapshot, however odd."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import given, settings

from campaigns.domain.coverage import LEDGER, Code, State
from campaigns.domain.decide import decide
from campaigns.domain.snapshot import Rule, Snapshot
from campaigns.domain.values import EffectKind, EnrollmentStatus, ReplyOutcome
from tests.unit.domain.snapshots import CMP_HIGH, NOW, a_rule
from tests.unit.domain.strategies import SNAPSHOTS
from tests.unit.domain.world import World

# More of them before a change of the domain is merged: KEPT_EXAMPLES=3000.
MANY = settings(max_examples=int(os.environ.get("KEPT_EXAMPLES", "60")), deadline=None)


@given(SNAPSHOTS)
@MANY
def test_every_appointment_has_one_state_from_the_ledger(snapshot: Snapshot) -> None:
    decision = decide(snapshot, NOW)
    assert decision.code in LEDGER
    assert decision.state is LEDGER[decision.code].state


@given(SNAPSHOTS)
@MANY
def test_deciding_twice_says_the_same(snapshot: Snapshot) -> None:
    assert decide(snapshot, NOW) == decide(snapshot, NOW)


@given(SNAPSHOTS)
@MANY
def test_the_next_look_lies_ahead(snapshot: Snapshot) -> None:
    again = decide(snapshot, NOW).look_again_at
    assert again is None or again > NOW


@given(SNAPSHOTS)
@MANY
def test_no_reply_gets_two_outcomes(snapshot: Snapshot) -> None:
    decision = decide(snapshot, NOW)
    ids = [verdict.reply_id for verdict in decision.replies]
    assert len(ids) == len(set(ids))
    assert ReplyOutcome.PENDING not in {verdict.outcome for verdict in decision.replies}


@given(SNAPSHOTS)
@MANY
def test_at_most_one_enrollment_is_asked_for_and_never_beside_a_live_one(
    snapshot: Snapshot,
) -> None:
    kinds = [effect.kind for effect in decide(snapshot, NOW).effects]
    assert kinds.count(EffectKind.ENROLL) <= 1
    if EffectKind.ENROLL in kinds:
        assert EffectKind.CANCEL_ENROLLMENT not in kinds
        assert not active(snapshot)
        assert not any(e.is_live for e in snapshot.surplus)


@given(SNAPSHOTS)
@MANY
def test_deciding_again_on_the_result_changes_nothing(snapshot: Snapshot) -> None:
    """What is wanted is done, the look is repeated: it comes to rest, with nothing left to do."""
    world = World(replace(snapshot, paused=frozenset()), NOW)
    last = world.settle()
    assert not last.effects
    assert not last.replies
    # What waits for a person rests too.
    assert last.state is not State.PENDING or last.code is Code.HELD_FOR_APPROVAL
    assert (last.state is State.ENROLLED) == (last.code == "enrolled")


@given(SNAPSHOTS)
@MANY
def test_at_rest_an_active_enrollment_belongs_to_a_visit_that_says_enrolled(
    snapshot: Snapshot,
) -> None:
    world = World(replace(snapshot, paused=frozenset()), NOW)
    last = world.settle()
    assert active(world.snapshot) <= 1
    goes_on = {Code.ENROLLED, Code.HELD_FOR_APPROVAL, Code.TELEHEALTH_LINK_MISSING}
    assert not active(world.snapshot) or last.code in goes_on


@given(SNAPSHOTS)
@MANY
def test_at_rest_nothing_stands_beside_the_enrollment_that_counts(snapshot: Snapshot) -> None:
    world = World(replace(snapshot, paused=frozenset()), NOW, link="")
    world.settle()
    assert not any(e.is_live for e in world.snapshot.surplus)


@given(SNAPSHOTS)
@MANY
def test_a_rejected_change_of_the_rules_leaves_everything_as_it_was(snapshot: Snapshot) -> None:
    """While it waits nobody is enrolled elsewhere; taken back, it has never been."""
    free = replace(snapshot, paused=frozenset())
    mapped = [free.rules_before or free.rules, plain_rules()]
    waiting = replace(free, rules=mapped[1], rules_before=mapped[0])
    before = World(replace(free, rules=mapped[0], rules_before=None), NOW)
    taken_back = World(waiting, NOW)
    taken_back.settle()
    taken_back.snapshot = replace(taken_back.snapshot, rules=mapped[0], rules_before=None)
    assert taken_back.settle().code == before.settle().code
    assert taken_back.snapshot.own_enrollments[-1:] or not before.snapshot.own_enrollments


@given(SNAPSHOTS)
@MANY
def test_two_vendors_that_refuse_everything_are_not_asked_for_ever(snapshot: Snapshot) -> None:
    world = World(replace(snapshot, paused=frozenset()), NOW, refuses=True)
    world.settle()
    assert not decide(world.snapshot, NOW).replies


@given(SNAPSHOTS)
@MANY
def test_a_paused_connection_sends_nothing_and_a_resumed_one_comes_to_the_same(
    snapshot: Snapshot,
) -> None:
    free = World(replace(snapshot, paused=frozenset()), NOW)
    held = World(snapshot, NOW)
    held.settle()
    held.snapshot = replace(held.snapshot, paused=frozenset())
    assert held.settle().code == free.settle().code


def plain_rules() -> tuple[Rule, ...]:
    return (a_rule(CMP_HIGH, id=100),)


def active(snapshot: Snapshot) -> int:
    live = (EnrollmentStatus.ACTIVE, EnrollmentStatus.ENROLLING, EnrollmentStatus.CANCELLING)
    return sum(e.status in live for e in snapshot.own_enrollments)
