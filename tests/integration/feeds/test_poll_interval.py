"""Polling is slower while events flow, and as usual as soon as anything speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.worklist.updates import chart_freshness
from integrations.feeds import poll_interval
from integrations.health.last_heard import chart_heard
from integrations.health.vendor_health import health_of
from integrations.models import (
    Connection,
    EventSubscription,
    Feed,
    FeedCursor,
    InboundMessage,
)
from tests.factories import PracticeFactory
from tests.integration.event_room import connected, subscribed

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def practice(db: None) -> Practice:
    """Subscribed for a week, and told something an hour ago."""
    practice = PracticeFactory(poll_minutes=10)
    now = database_now()
    subscribed(connected(practice, webhook_heard_at=now - HOUR), now - 7 * DAY)
    return practice


def subscriptions(**columns: object) -> None:
    EventSubscription.objects.filter(topic="Patient.update").update(**columns)


def parked(vendor: str, minutes_ago: int) -> None:
    when = database_now() - timedelta(minutes=minutes_ago)
    InboundMessage.objects.create(
        practice=Practice.objects.get(),
        vendor=vendor,
        kind="notification",
        status="parked",
        read_began=when,
        received_at=when,
    )


@pytest.mark.parametrize(("usual", "slow"), [(1, 4), (10, 40), (15, 60), (30, 60), (90, 90)])
def test_four_times_slower_but_an_hour_at_most(
    practice: Practice, usual: float, slow: float
) -> None:
    practice.poll_minutes = usual
    assert poll_interval.chart_minutes(practice) == slow


@pytest.mark.parametrize(
    "against",
    [
        lambda: EventSubscription.objects.all().delete(),
        lambda: EventSubscription.objects.filter(topic="Appointment.cancel").delete(),
        lambda: subscriptions(status="requested"),
        lambda: subscriptions(status="error"),
        lambda: subscriptions(status="to be deleted"),
        lambda: subscriptions(ends_at=database_now() - HOUR),
        lambda: subscriptions(silent_since=database_now()),
        lambda: Connection.objects.update(webhook_heard_at=database_now() - DAY - HOUR),
        lambda: Connection.objects.update(webhook_heard_at=None),
        lambda: parked("athenahealth", 59),
    ],
)
def test_whatever_speaks_against_it_makes_it_usual(
    practice: Practice, against: Callable[[], object]
) -> None:
    against()
    assert poll_interval.chart_minutes(practice) == 10


@pytest.mark.parametrize(
    "harmless",
    [
        lambda: EventSubscription.objects.filter(topic__startswith="Patient.").delete(),
        lambda: subscriptions(ends_at=None),
        lambda: parked("athenahealth", 61),
        lambda: parked("relatient", 1),
    ],
)
def test_what_does_not_speak_against_it(practice: Practice, harmless: Callable[[], object]) -> None:
    harmless()
    assert poll_interval.chart_minutes(practice) == 40


def test_new_subscriptions_are_trusted_once_something_was_heard(practice: Practice) -> None:
    Connection.objects.update(webhook_heard_at=None)
    EventSubscription.objects.update(created_at=database_now() - HOUR)
    assert poll_interval.chart_minutes(practice) == 10
    Connection.objects.update(webhook_heard_at=database_now())
    assert poll_interval.chart_minutes(practice) == 40


def test_patients_are_polled_as_usual_when_nothing_tells_of_them(practice: Practice) -> None:
    assert poll_interval.chart_minutes(practice, which=Feed.PATIENTS) == 40
    EventSubscription.objects.filter(topic="Patient.update").delete()
    assert poll_interval.chart_minutes(practice, which=Feed.PATIENTS) == 10
    assert poll_interval.chart_minutes(practice, which=Feed.APPOINTMENTS) == 40


def test_answers_are_collected_every_minute_unless_relatient_tells_of_them(
    practice: Practice,
) -> None:
    relatient = Connection.objects.create(practice=practice, vendor="relatient")
    assert poll_interval.answer_minutes(relatient) == 1
    Connection.objects.filter(pk=relatient.pk).update(webhook_heard_at=database_now() - HOUR)
    assert poll_interval.answer_minutes(relatient) == 15
    parked("relatient", 5)
    assert poll_interval.answer_minutes(relatient) == 1
    InboundMessage.objects.all().delete()
    Connection.objects.filter(pk=relatient.pk).update(webhook_heard_at=database_now() - 2 * DAY)
    assert poll_interval.answer_minutes(relatient) == 1


def test_a_slower_poll_is_not_called_late(practice: Practice) -> None:
    now = database_now()
    row = FeedCursor.objects.create(
        practice=practice,
        connection=Connection.objects.get(),
        feed=Feed.APPOINTMENTS,
        last_success_at=now - timedelta(minutes=38),
        next_poll_at=now + timedelta(minutes=2),
    )
    FeedCursor.objects.create(
        practice=practice, connection=row.connection, feed=Feed.SUBSCRIPTIONS, failing_since=now
    )

    def said() -> tuple[str, str, bool]:
        health = health_of([practice], now)[0]
        return (
            health.words,
            health.look,
            chart_freshness(*chart_heard(practice.external_id), practice, now)[1],
        )

    assert said() == ("38 minutes ago", "success", False)
    # Nobody has come for it: late by more than an interval.
    late = {"last_success_at": now - timedelta(minutes=56), "next_poll_at": now - 0.3 * HOUR}
    FeedCursor.objects.filter(pk=row.pk).update(**late)
    words, look, stale = said()
    assert (words.split(",")[0], look, stale) == ("56 minutes ago", "warning", True)
