"""A subscription that tells nothing although polls find changes is noticed, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.clock import database_now
from campaigns.models import Effect, Practice
from integrations.feeds import poll_interval
from integrations.feeds.pull import cursor_of
from integrations.models import EventSubscription, Feed, FeedCursor, SyncKind, SyncRun
from integrations.subscriptions import silence_detection
from tests.factories import PracticeFactory
from tests.integration.event_room import connected, polled, subscribed

CHANGED = {
    "Appointment.update",
    "Appointment.cancel",
    "Appointment.check-in",
    "Appointment.check-out",
}


@pytest.fixture
def practice(db: None) -> Practice:
    """Subscribed for two days, and told of everything three hours ago."""
    practice = PracticeFactory(external_id="195900", poll_minutes=15, alert_emails="a@example.org")
    now = database_now()
    connection = connected(practice, webhook_heard_at=now - timedelta(hours=3))
    subscribed(connection, now - timedelta(days=2), last_event_at=now - timedelta(hours=3))
    return practice


def attend(practice: Practice) -> None:
    with acting_as(process="test"):
        silence_detection.check_silence(practice)


def silent() -> set[str]:
    rows = EventSubscription.objects.filter(silent_since__isnull=False)
    return set(rows.values_list("topic", flat=True))


def mails() -> list[str]:
    alerts = Effect.objects.filter(kind="alert").order_by("pk")
    return [alert.body["subject"] for alert in alerts]


def test_changes_that_only_polls_found_are_noticed_and_told_once(practice: Practice) -> None:
    cursor = cursor_of(EventSubscription.objects.first().connection, Feed.APPOINTMENTS)
    later = database_now() + timedelta(minutes=40)
    FeedCursor.objects.filter(pk=cursor.pk).update(next_poll_at=later)
    assert poll_interval.chart_minutes(practice) == 60
    polled(practice, 100, changed=2)
    polled(practice, 40, changed=1)
    attend(practice)
    attend(practice)
    assert silent() == CHANGED
    [subject] = mails()
    assert subject.startswith("athenahealth's events have stopped")
    assert AuditEvent.objects.filter(action="subscription.silent").count() == len(CHANGED)
    # Polled as often as without events, and at once.
    assert poll_interval.chart_minutes(practice) == 15
    cursor.refresh_from_db()
    assert cursor.next_poll_at <= database_now()


def test_new_visits_are_what_schedule_should_have_told_of(practice: Practice) -> None:
    polled(practice, 100, new=2)
    polled(practice, 40, new=2)
    attend(practice)
    assert silent() == {"Appointment.schedule"}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([(100, {"changed": 9})], "one poll alone, as after an outage of our own"),
        ([(100, {"changed": 1}), (40, {"changed": 1})], "two rows may belong to no topic"),
        ([(100, {"changed": 5}), (10, {"changed": 5})], "the last may still be told of"),
        ([(100, {"unchanged": 9}), (40, {"unchanged": 9})], "events had told of them before"),
        ([(230, {"changed": 5}), (200, {"changed": 5})], "an event came after them"),
        ([(170, {"changed": 5}), (155, {"changed": 5})], "too soon after the last event"),
    ],
)
def test_what_is_no_silence(
    practice: Practice, found: list[tuple[float, dict[str, int]]], why: str
) -> None:
    for minutes_ago, counts in found:
        polled(practice, minutes_ago, **counts)
    attend(practice)
    assert silent() == set(), why
    assert mails() == []


def test_a_comparison_is_no_poll(practice: Practice) -> None:
    for minutes in (100, 40):
        polled(practice, minutes, changed=5)
    SyncRun.objects.update(kind=SyncKind.RECONCILE)
    attend(practice)
    assert silent() == set()


def test_one_that_is_heard_again_says_so_and_polling_slows_down(practice: Practice) -> None:
    polled(practice, 100, changed=3)
    polled(practice, 40, changed=3)
    attend(practice)
    assert silent() == CHANGED
    later = database_now() + timedelta(seconds=1)
    EventSubscription.objects.filter(topic="Appointment.cancel").update(last_event_at=later)
    attend(practice)
    assert silent() == set()
    assert [subject.split(" for ")[0] for subject in mails()] == [
        "athenahealth's events have stopped",
        "athenahealth's events have come again",
    ]
    assert poll_interval.chart_minutes(practice) == 60


def test_a_second_silence_is_told_again(practice: Practice) -> None:
    polled(practice, 100, changed=3)
    polled(practice, 40, changed=3)
    attend(practice)
    first = EventSubscription.objects.filter(silent_since__isnull=False)
    # An hour ago, heard since, and nothing after that.
    now = database_now()
    first.update(silent_since=now - timedelta(hours=8), last_event_at=now - timedelta(hours=3))
    attend(practice)
    assert silent() == set()
    attend(practice)
    assert silent() == CHANGED
    assert len(mails()) == 3
