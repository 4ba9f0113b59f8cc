"""Bulk work waits: what a patient or a person needs now goes to the vendors before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.domain.values import EffectKind
from campaigns.execution import execute
from campaigns.look_queue import schedule_look, schedule_upcoming_looks
from campaigns.models import BULK, PROMPT, Appointment, ConsentEvent, Effect
from integrations.backfill.run import backfill
from tests.scenarios.shared_clinic import SharedClinic

SEVERAL = 3


@pytest.fixture
def ward(ward: SharedClinic) -> Iterator[SharedClinic]:
    """As with a long backlog, the sweeper asks what is most urgent before it has done all."""
    ward.map_campaigns()
    with mock.patch.object(execute, "_BATCH", 1):
        yield ward


def found_in_bulk(ward: SharedClinic, *patients: str) -> list[str]:
    """Visits that only a backfill told of; their enrollments are queued and not yet sent."""
    people = patients or tuple(ward.patient() for _ in range(SEVERAL))
    visits = [ward.book(patient) for patient in people]
    ward.forget_news()
    today = datetime.now(UTC).date()
    with acting_as(process="test"):
        backfill(ward.practice, today, today + timedelta(days=5), lambda text: None)
    ward.run(*visits, kinds=set(EffectKind) - {EffectKind.ENROLL})
    queued = Effect.objects.filter(next_attempt_at__isnull=False)
    assert [effect.kind for effect in queued] == [EffectKind.ENROLL] * len(visits)
    return visits


def told_in_order(ward: SharedClinic) -> list[str]:
    """The visits in the order in which Relatient was asked to remind of them."""
    rows = sorted(ward.enrollments(), key=lambda row: row["id"])
    return [row["appointment"]["external_id"].rsplit(":", 1)[1] for row in rows]


def test_reminders_of_a_cancelled_visit_end_before_a_backfill_goes_on(ward: SharedClinic) -> None:
    cancelled = ward.book(ward.patient())
    ward.sync()
    assert len(ward.active(cancelled)) == 1
    found_in_bulk(ward)
    ward.control(f"athena/appointments/{cancelled}/cancel")
    ward.poll()
    mark = len(ward.calls)
    ward.work()
    asked = [path for method, path in ward.calls_since(mark, "/enrollments") if method == "POST"]
    assert ward.active(cancelled) == []
    assert ["cancel" in path for path in asked] == [True] + [False] * SEVERAL


def test_a_visit_booked_now_is_enrolled_before_a_backfill_goes_on(ward: SharedClinic) -> None:
    in_bulk = found_in_bulk(ward)
    booked = ward.book(ward.patient())
    ward.poll()
    ward.work()
    first, *rest = told_in_order(ward)
    assert (first, set(rest)) == (booked, set(in_bulk))


def test_what_was_found_in_bulk_goes_first_once_somebody_waits_for_it(ward: SharedClinic) -> None:
    *others, wanted = found_in_bulk(ward)
    with acting_as(process="test"):
        schedule_look(ward.row(wanted), database_now())
    ward.work()
    first, *rest = told_in_order(ward)
    assert (first, set(rest)) == (wanted, set(others))


def test_what_is_cancelled_while_it_is_being_enrolled_ends_first(ward: SharedClinic) -> None:
    begun, *others = found_in_bulk(ward)
    with acting_as(process="test"):
        in_hand = execute.claim(Effect.objects.get(appointment=ward.row(begun), kind="enroll").pk)
    assert in_hand is not None
    ward.control(f"athena/appointments/{begun}/cancel")
    ward.poll()
    with acting_as(process="test"):
        look(ward.row(begun).pk)
        execute._call_and_settle(in_hand)
    mark = len(ward.calls)
    ward.work()
    asked = [path for method, path in ward.calls_since(mark, "/enrollments") if method == "POST"]
    assert ward.active(begun) == []
    assert ["cancel" in path for path in asked] == [True] + [False] * len(others)


def test_a_rule_change_does_not_hold_up_what_is_urgent(ward: SharedClinic) -> None:
    """Nothing goes out before the look that is owed, and a rule change owes one to every visit."""
    in_bulk = found_in_bulk(ward)
    earlier, booked = (ward.book(ward.patient()) for _ in range(2))
    ward.poll()
    ward.run(earlier, booked, kinds=set(EffectKind) - {EffectKind.ENROLL})
    enroll = Effect.objects.get(appointment=ward.row(booked), kind="enroll")
    schedule_upcoming_looks(ward.practice)
    assert {ward.row(visit).look_priority for visit in (earlier, booked)} == {PROMPT}
    assert {ward.row(visit).look_priority for visit in in_bulk} == {BULK}
    with acting_as(process="test"):
        look(ward.row(booked).pk)
    # Those that wait for a look do not stand in its way.
    assert execute.due_effects(database_now(), ward.practice) == [enroll.pk]


def test_bulk_work_stays_bulk_work_from_step_to_step(ward: SharedClinic) -> None:
    """Whatever is met on the way: a visit that was missed, a word that Relatient has of them."""
    missing, known = ward.patient(), ward.patient()
    ward.control(f"athena/appointments/{ward.book(missing, days=-20)}/noshow")
    ward.known_to_relatient(known)
    ward.consent(known, "email", "opted_in")
    found_in_bulk(ward, missing, known, ward.patient())
    ward.work()
    assert ConsentEvent.objects.exists()
    assert Appointment.objects.filter(status="no_show").exists()
    assert set(Effect.objects.values_list("priority", flat=True)) == {BULK}
