"""What holds for every snapshot, however odd."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import given, settings

from campaigns.domain.coverage import LEDGER, State
from campaigns.domain.facts import Snapshot
from campaigns.domain.routing import decide
from campaigns.domain.values import EffectKind, EnrollmentStatus, ReplyOutcome
from tests.unit.domain.snapshots import NOW
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


@given(SNAPSHOTS)
@MANY
def test_deciding_again_on_the_result_changes_nothing(snapshot: Snapshot) -> None:
    """What is wanted is done, the look is repeated: it comes to rest, with nothing left to do."""
    world = World(replace(snapshot, paused=frozenset()), NOW)
    last = world.settle()
    assert not last.effects
    assert not last.replies
    assert last.state is not State.PENDING
    assert (last.state is State.ENROLLED) == (last.code == "enrolled")


@given(SNAPSHOTS)
@MANY
def test_at_rest_an_active_enrollment_belongs_to_a_visit_that_says_enrolled(
    snapshot: Snapshot,
) -> None:
    world = World(replace(snapshot, paused=frozenset()), NOW)
    last = world.settle()
    assert active(world.snapshot) <= 1
    assert not active(world.snapshot) or last.state is State.ENROLLED


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


def active(snapshot: Snapshot) -> int:
    live = (EnrollmentStatus.ACTIVE, EnrollmentStatus.ENROLLING, EnrollmentStatus.CANCELLING)
    return sum(e.status in live for e in snapshot.own_enrollments)
