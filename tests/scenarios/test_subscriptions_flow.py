"""From a subscription to its events and back to polling: what the vendor tells, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from audit.context import acting_as
from campaigns.clock import database_now
from integrations.feeds import poll_interval
from integrations.models import Connection, EventSubscription, Feed, FeedCursor, Wish
from integrations.operations import run
from integrations.subscriptions import requests
from tests.scenarios.clinic import Clinic
from tests.scenarios.test_webhook_delivery import Post, post

__all__ = ["post"]


@pytest.fixture
def traveller(settings: Any) -> Iterator[time_machine.Coordinates]:
    """A clock that moves only when it is told to."""
    settings.KEPT_CLOCK = "process"
    now = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0)
    with time_machine.travel(now, tick=True) as traveller:
        yield traveller


def subscribe(clinic: Clinic, post: Post, settings: Any) -> None:
    settings.PUBLIC_URL = post.url
    athena = Connection.objects.select_related("practice").get(vendor="athenahealth")
    with acting_as(process="test"):
        requests.request_subscriptions(athena)
    tick(clinic)


def tick(clinic: Clinic) -> None:
    with acting_as(process="test"):
        run.tick(clinic.practice, 30)


def minutes_to_the_next_poll() -> int:
    moment = FeedCursor.objects.get(feed=Feed.APPOINTMENTS).next_poll_at
    assert moment is not None
    return round((moment - database_now()).total_seconds() / 60)


def poll_now(clinic: Clinic) -> None:
    FeedCursor.objects.filter(feed=Feed.APPOINTMENTS).update(next_poll_at=database_now())
    tick(clinic)


def silent() -> set[str]:
    rows = EventSubscription.objects.filter(silent_since__isnull=False)
    return set(rows.values_list("topic", flat=True))


def test_polls_are_slower_while_athenahealth_tells_and_find_nothing_new(
    traveller: time_machine.Coordinates, clinic: Clinic, post: Post, settings: Any
) -> None:
    subscribe(clinic, post, settings)
    assert set(EventSubscription.objects.values_list("status", flat=True)) == {"active"}
    for hours in range(4):
        visit = clinic.book(clinic.patient(), days=3 + hours)
        post.arrived()
        tick(clinic)
        assert len(clinic.active(visit)) == 1
        traveller.shift(timedelta(minutes=61))
        tick(clinic)
        assert minutes_to_the_next_poll() == 60
    assert silent() == set()
    heard = EventSubscription.objects.get(topic="Appointment.schedule").last_event_at
    assert heard is not None and database_now() - heard < timedelta(minutes=65)


def test_one_that_tells_nothing_any_more_is_noticed_and_heard_again(
    traveller: time_machine.Coordinates, clinic: Clinic, post: Post, settings: Any
) -> None:
    subscribe(clinic, post, settings)
    row = EventSubscription.objects.get(topic="Appointment.schedule")
    address = f"athena/subscriptions/{row.external_id}/silence"
    clinic.control(address, {"silent": True})
    for hours in range(2):
        traveller.shift(timedelta(minutes=40))
        visits = [clinic.book(clinic.patient(), days=3 + hours) for _ in range(2)]
        poll_now(clinic)
        # Polling is the base: nothing is missed, only later.
        assert all(len(clinic.active(visit)) == 1 for visit in visits)
    assert silent() == set()
    traveller.shift(timedelta(minutes=31))
    tick(clinic)
    assert silent() == {"Appointment.schedule"}
    assert poll_interval.chart_minutes(clinic.practice) == clinic.practice.poll_minutes

    clinic.control(address, {"silent": False})
    traveller.shift(timedelta(minutes=5))
    clinic.book(clinic.patient(), days=9)
    post.arrived()
    tick(clinic)
    assert silent() == set()


def test_a_subscription_that_shakes_hands_becomes_active(
    traveller: time_machine.Coordinates, clinic: Clinic, post: Post, settings: Any
) -> None:
    clinic.control("settings", {"webhook_handshake": True})
    subscribe(clinic, post, settings)
    post.arrived()
    statuses = EventSubscription.objects.values_list("status", flat=True)
    assert set(statuses.all()) == {"requested"}
    assert poll_interval.chart_minutes(clinic.practice) == clinic.practice.poll_minutes
    traveller.shift(timedelta(minutes=clinic.practice.retry_minutes + 1))
    tick(clinic)
    assert set(statuses.all()) == {"active"}
    assert poll_interval.chart_minutes(clinic.practice) > clinic.practice.poll_minutes


@pytest.mark.parametrize("shakes", [True, False])
def test_the_old_one_tells_until_the_new_one_has_shaken_hands(
    traveller: time_machine.Coordinates, clinic: Clinic, post: Post, settings: Any, shakes: bool
) -> None:
    subscribe(clinic, post, settings)
    before = EventSubscription.objects.get(topic="Appointment.schedule").external_id
    clinic.control("settings", {"webhook_handshake": True})
    with acting_as(user="ada"):
        requests.request_change(EventSubscription.objects.filter(external_id=before), Wish.RENEW)
    tick(clinic)
    new = EventSubscription.objects.get(topic="Appointment.schedule").external_id
    assert {before, new} <= held(clinic)
    post.arrived()
    if not shakes:
        simulation = clinic.simulator.simulation
        with simulation.lock:
            simulation.athena.subscriptions.subscriptions[new].status = "error"
    traveller.shift(timedelta(minutes=clinic.practice.retry_minutes + 1))
    tick(clinic)
    row = EventSubscription.objects.get(topic="Appointment.schedule")
    assert (row.external_id, row.status) == (new if shakes else before, "active")
    assert held(clinic) == set(EventSubscription.objects.values_list("external_id", flat=True))


@pytest.mark.parametrize(("kind", "word"), [("heartbeat", "error"), ("handshake", "off")])
def test_one_that_says_it_does_not_work_is_told_at_once_and_made_again(
    traveller: time_machine.Coordinates,
    clinic: Clinic,
    post: Post,
    settings: Any,
    mailoutbox: list[Any],
    kind: str,
    word: str,
) -> None:
    subscribe(clinic, post, settings)
    before = EventSubscription.objects.get(topic="Appointment.cancel").external_id
    traveller.shift(timedelta(minutes=1))
    clinic.control(f"athena/subscriptions/{before}/report", {"type": kind, "status": word})
    post.arrived()
    assert EventSubscription.objects.get(external_id=before).status == word
    assert poll_interval.chart_minutes(clinic.practice) == clinic.practice.poll_minutes
    visit = clinic.book(clinic.patient())
    traveller.shift(timedelta(seconds=1))
    tick(clinic)
    (mail,) = mailoutbox
    assert "does not work" in mail.subject
    assert "a visit was cancelled" in mail.body
    row = EventSubscription.objects.get(topic="Appointment.cancel")
    assert row.external_id != before
    assert row.status == "active"
    assert before not in held(clinic)
    assert len(clinic.active(visit)) == 1


def held(clinic: Clinic) -> set[str]:
    return {row["id"] for row in clinic.control("athena/subscriptions", method="GET")}
