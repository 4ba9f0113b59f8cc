"""Bulk work waits: what a patient or a person needs now goes to the vendors before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.domain.values import EffectKind
from campaigns.models import BULK, Effect
from campaigns.services import outbox
from campaigns.services.looks_due import look_at
from integrations.backfill.windows import backfill
from tests.scenarios.shared_clinic import SharedClinic

SEVERAL = 3


@pytest.fixture
def ward(ward: SharedClinic) -> Iterator[SharedClinic]:
    """As with a long backlog, the sweeper asks what is most urgent before it has done all."""
    ward.map_campaigns()
    with mock.patch.object(outbox, "_BATCH", 1):
        yield ward


def found_in_bulk(ward: SharedClinic) -> list[str]:
    """Visits that only a backfill told of; their enrollments are queued and not yet sent."""
    visits = [ward.book(ward.patient()) for _ in range(SEVERAL)]
    ward.forget_news()
    today = datetime.now(UTC).date()
    with acting_as(process="test"):
        backfill(ward.practice, today, today + timedelta(days=5), lambda text: None)
    ward.run(*visits, kinds=set(EffectKind) - {EffectKind.ENROLL})
    queued = Effect.objects.filter(next_attempt_at__isnull=False)
    assert [effect.kind for effect in queued] == [EffectKind.ENROLL] * SEVERAL
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
    assert told_in_order(ward) == [booked, *in_bulk]


def test_what_was_found_in_bulk_goes_first_once_somebody_waits_for_it(ward: SharedClinic) -> None:
    *others, wanted = found_in_bulk(ward)
    with acting_as(process="test"):
        look_at(ward.row(wanted), database_now())
    ward.work()
    assert told_in_order(ward) == [wanted, *others]


def test_bulk_work_stays_bulk_work_from_step_to_step(ward: SharedClinic) -> None:
    found_in_bulk(ward)
    ward.work()
    assert set(Effect.objects.values_list("priority", flat=True)) == {BULK}
