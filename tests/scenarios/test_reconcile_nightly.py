"""Every night by itself: begun once, gone on with after an outage, and without a flood of mails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import time_machine

from audit.context import acting_as
from campaigns.models import Practice
from campaigns.ports import Guard
from integrations.connections import registry
from integrations.models import Connection, Feed, FeedCursor, RequestBudget, SyncRun
from integrations.operations import run as operations
from integrations.reconcile import nightly
from integrations.reconcile.progress import begin
from integrations.reconcile.steps import advance
from integrations.setup import reference_data
from integrations.transport import rate_limit
from tests.scenarios.clinic import Clinic

ZONE = ZoneInfo("America/New_York")
AFTERNOON = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0)


@pytest.fixture
def traveller(settings) -> Iterator[time_machine.Coordinates]:
    """A clock that moves only when it is told to."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(AFTERNOON, tick=True) as traveller:
        yield traveller


def tick(clinic: Clinic, times: int = 1) -> None:
    with acting_as(process="test"):
        for _ in range(times):
            operations.tick(clinic.practice, 30)


def runs() -> list[SyncRun]:
    return list(SyncRun.objects.filter(kind="reconcile").order_by("pk"))


def due() -> datetime:
    moment = FeedCursor.objects.get(feed=Feed.RECONCILE).next_poll_at
    assert moment is not None
    return moment.astimezone(ZONE)


def to_the_night(traveller: time_machine.Coordinates) -> None:
    traveller.move_to(due() + timedelta(seconds=5))


def test_it_begins_at_two_and_only_once_a_night(
    traveller: time_machine.Coordinates, clinic: Clinic
) -> None:
    tick(clinic)
    assert runs() == []
    assert (due().hour, due().minute) == (2, 0)
    assert timedelta() < due() - datetime.now(UTC) < timedelta(hours=24)
    appointment = clinic.book(clinic.patient(), days=20)
    clinic.drop_from_feed(appointment)
    tick(clinic)
    assert runs() == [] and clinic.enrollments(appointment) == []

    to_the_night(traveller)
    night = due()
    tick(clinic, 3)
    [run] = runs()
    assert run.outcome == "done", run.problem
    assert (run.counts["drift"], run.counts["repaired"]) == (1, 1)
    assert len(clinic.active(appointment)) == 1
    assert due().date() == night.date() + timedelta(days=1) and due().hour == 2
    traveller.shift(timedelta(hours=12))
    tick(clinic, 2)
    assert len(runs()) == 1
    to_the_night(traveller)
    tick(clinic, 2)
    assert [run.counts["drift"] for run in runs()] == [1, 0]


def test_an_outage_of_hours_makes_one_run_and_no_mail_of_its_own(
    traveller: time_machine.Coordinates, clinic: Clinic, mailoutbox: list
) -> None:
    tick(clinic)
    appointment = clinic.book(clinic.patient(), days=20)
    clinic.drop_from_feed(appointment)
    to_the_night(traveller)
    clinic.simulator.stop()
    for _ in range(12):
        tick(clinic, 2)
        traveller.shift(timedelta(minutes=30))
    [run] = runs()
    assert run.outcome == "failed" and "athenahealth" in run.problem
    assert due() - datetime.now(UTC) <= timedelta(minutes=5)
    assert [m for m in mailoutbox if "compare" in m.subject] == []

    clinic.simulator.start()
    traveller.shift(timedelta(minutes=6))
    tick(clinic, 3)
    [run] = runs()
    assert (run.outcome, run.counts["drift"], run.counts["repaired"]) == ("done", 1, 1)
    assert len(clinic.active(appointment)) == 1
    assert [m for m in mailoutbox if "compare" in m.subject] == []


def test_when_only_the_comparison_fails_it_is_mailed_once(
    traveller: time_machine.Coordinates, clinic: Clinic, mailoutbox: list
) -> None:
    tick(clinic)
    to_the_night(traveller)
    clinic.fault(
        kind="status", status=500, method="GET", path="/relatient/v1/enrollments$", times=99
    )
    for _ in range(11):
        tick(clinic)
        traveller.shift(timedelta(minutes=30))
    [mail] = [m for m in mailoutbox if "compare" in m.subject]
    assert "Kept cannot compare its records with both vendors" in mail.subject
    assert len(runs()) == 1
    clinic.control("faults", method="DELETE")
    traveller.shift(timedelta(minutes=30))
    tick(clinic, 2)
    assert [run.outcome for run in runs()] == ["done"]
    tick(clinic)
    assert [m.subject for m in mailoutbox if "again" in m.subject] == [
        "Kept can compare its records with both vendors for Harbor Family Health again"
    ]


def test_it_waits_while_a_connection_is_paused(
    traveller: time_machine.Coordinates, clinic: Clinic
) -> None:
    tick(clinic)
    to_the_night(traveller)
    with acting_as(process="test"):
        registry.pause(Connection.objects.get(vendor="relatient"), reason="quiet")
    tick(clinic)
    assert runs() == []
    clinic.resume("relatient")
    tick(clinic)
    assert [run.outcome for run in runs()] == ["done"]


def test_a_visit_that_stays_lost_closes_the_night_after_an_hour(
    traveller: time_machine.Coordinates, clinic: Clinic
) -> None:
    appointment = clinic.book(clinic.patient(), days=5)
    tick(clinic)
    # A feed that was silent until the night is read again from its last poll, with a margin.
    traveller.shift(timedelta(minutes=30))
    tick(clinic)
    clinic.slow_retries()
    clinic.control(
        f"athena/appointments/{appointment}/change", {"starts_at": clinic.ahead(days=90)}
    )
    clinic.drop_from_feed(appointment)
    clinic.fault(
        kind="status", status=500, method="GET", path=f"appointments/{appointment}$", times=99
    )
    to_the_night(traveller)
    tick(clinic, 3)
    assert [run.outcome for run in runs()] == ["running"]
    traveller.shift(timedelta(minutes=61))
    tick(clinic)
    [run] = runs()
    assert (run.outcome, run.counts["drift"], run.counts["repaired"]) == ("done", 1, 0)


def test_it_goes_on_in_the_next_tick_where_the_time_was_up(clinic: Clinic) -> None:
    clinic.sync()
    practice = clinic.practice
    dates = nightly.dates_of(datetime.now(UTC).date())
    said: list[str] = []
    rounds = 0
    with acting_as(process="test"):
        compared = False
        while not compared:
            up = chain([False, False, False], repeat(True))
            round_ = begin(practice, *dates)
            compared = advance(round_, lambda: None, lambda up=up: next(up), said.append)
            rounds += 1
    assert rounds > 3
    assert len(said) == len(set(said)) == 1 + 9 + 1 + 1
    assert len(runs()) == 1


def test_each_practice_has_its_own_night() -> None:
    practice = Practice(time_zone="America/Los_Angeles")
    before = datetime(2026, 3, 8, 9, 59, tzinfo=UTC)
    # The night in which the clocks skip the hour from two to three.
    assert nightly.next_night(practice, before).astimezone(UTC).hour == 10
    after = datetime(2026, 3, 8, 10, 1, tzinfo=UTC)
    assert nightly.next_night(practice, after).astimezone(UTC).hour == 9


def test_the_feeds_are_read_even_with_the_last_calls_of_the_day(clinic: Clinic) -> None:
    """Else they would count as failing until midnight GMT."""
    clinic.sync()

    def the_last_tenth(practice: Practice, guard: Guard) -> None:
        """The lists were just read, and there was no more for bulk work."""
        RequestBudget.objects.filter(quota_limit__isnull=False).update(quota_remaining=40)
        rate_limit._heard.clear()

    with acting_as(process="test"), mock.patch.object(reference_data, "refresh", the_last_tenth):
        round_ = begin(clinic.practice, *nightly.dates_of(datetime.now(UTC).date()))
        assert not advance(
            round_, lambda: None, chain([False], repeat(True)).__next__, lambda text: None
        )
    assert not FeedCursor.objects.filter(failing_since__isnull=False).exists()
