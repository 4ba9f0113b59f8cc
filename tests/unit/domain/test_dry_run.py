"""Going on as if everything that is asked for were accepted."""

from dataclasses import replace

from hypothesis import given

from campaigns.domain.coverage import Code
from campaigns.domain.decide import decide
from campaigns.domain.dry_run import dry_run
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import EffectKind, EffectStatus, InstructionKind, System
from tests.unit.domain.snapshots import (
    CMP,
    CMP_HIGH,
    NOW,
    a_patient,
    a_rule,
    a_snapshot,
    an_effect,
    an_instruction,
    enrolled,
)
from tests.unit.domain.strategies import SNAPSHOTS


def kinds(snapshot: Snapshot) -> list[EffectKind]:
    return [effect.kind for effect in dry_run(snapshot, NOW).effects]


def test_a_new_visit_ends_enrolled_after_two_requests() -> None:
    found = dry_run(a_snapshot(patient=a_patient()), NOW)
    assert [e.kind for e in found.effects] == [EffectKind.UPSERT_PATIENT, EffectKind.ENROLL]
    assert (found.first.code, found.last.code) == (Code.EFFECT_IN_FLIGHT, Code.ENROLLED)
    assert found.last.campaign == CMP


def test_another_campaign_ends_the_one_there_is_first() -> None:
    moved = replace(enrolled(), rules=(a_rule(CMP_HIGH),))
    found = dry_run(moved, NOW)
    assert [e.kind for e in found.effects][-2:] == [
        EffectKind.CANCEL_ENROLLMENT,
        EffectKind.ENROLL,
    ]
    assert (found.last.code, found.last.campaign) == (Code.ENROLLED, CMP_HIGH)


def test_what_is_stopped_ends_and_stays_so() -> None:
    stopped = replace(enrolled(), instruction=an_instruction(InstructionKind.STOPPED))
    assert kinds(stopped) == [EffectKind.CANCEL_ENROLLMENT]
    assert dry_run(stopped, NOW).last.code is Code.STOPPED_BY_STAFF


def test_a_paused_connection_is_not_looked_beyond() -> None:
    paused = replace(a_snapshot(patient=a_patient()), paused=frozenset({System.ENGAGEMENT}))
    assert kinds(paused) == [EffectKind.UPSERT_PATIENT]
    assert dry_run(paused, NOW).last.code is Code.CONNECTION_PAUSED


def test_what_is_truly_under_way_is_waited_for() -> None:
    busy = an_effect(EffectKind.UPSERT_PATIENT, status=EffectStatus.CLAIMED)
    assert kinds(a_snapshot(patient=a_patient(), effects=(busy,))) == [EffectKind.UPSERT_PATIENT]


@given(SNAPSHOTS)
def test_it_begins_with_what_a_look_decides_and_asks_for_nothing_twice(snapshot: Snapshot) -> None:
    found = dry_run(snapshot, NOW)
    assert found.first == decide(snapshot, NOW)
    assert found.effects[: len(found.first.effects)] == found.first.effects
    later = found.effects[len(found.first.effects) :]
    assert all(effect not in found.first.effects for effect in later)
