"""athenahealth says that a subscription of ours does not work: who is told, and what is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.models import Effect
from integrations.models import Connection, EventSubscription, Feed, FeedCursor
from tests.integration.webhook_room import ATHENA, Room, bundle, status
from tests.integration.webhook_room import room as make_room


@pytest.fixture
def room(db: None) -> Room:
    return make_room()


def a_subscription(room: Room, external_id: str, state: str = "active") -> EventSubscription:
    now = timezone.now()
    return EventSubscription.objects.create(
        practice=room.practice,
        connection=Connection.objects.get(vendor=ATHENA),
        topic="Appointment.schedule",
        external_id=external_id,
        endpoint="https://kept.example/",
        status=state,
        created_at=now,
        checked_at=now,
    )


def mails() -> list[dict[str, Any]]:
    return [effect.body for effect in Effect.objects.filter(kind="alert").order_by("pk")]


@pytest.mark.parametrize("kind", ["handshake", "heartbeat"])
def test_a_fault_is_mailed_once_and_the_subscription_looked_at(room: Room, kind: str) -> None:
    row = a_subscription(room, "5f1c")
    later = timezone.now() + timedelta(hours=1)
    for feed in (Feed.SUBSCRIPTIONS, Feed.APPOINTMENTS):
        FeedCursor.objects.create(
            practice=room.practice, connection=row.connection, feed=feed, next_poll_at=later
        )
    for _ in range(2):
        faulty = status(kind) | {"status": "off"}
        assert room.send(ATHENA, bundle(faulty)).status_code == 200
    assert room.rows() == []
    row.refresh_from_db()
    assert row.status == "off"
    assert "switched off" in row.problem
    (mail,) = mails()
    assert "a visit was booked is switched off" in mail["text"]
    assert not FeedCursor.objects.filter(next_poll_at__gt=timezone.now()).exists()
    assert AuditEvent.objects.filter(action="subscription.reported_off").count() == 1


def test_a_fault_of_a_subscription_that_nobody_knows_is_mailed_too(room: Room) -> None:
    room.send(ATHENA, bundle(status("heartbeat") | {"status": "error"}))
    (mail,) = mails()
    assert "is in error" in mail["text"]


def test_one_that_was_replaced_may_end(room: Room) -> None:
    row = a_subscription(room, "another")
    room.send(ATHENA, bundle(status("heartbeat") | {"status": "off"}))
    row.refresh_from_db()
    assert (row.status, mails()) == ("active", [])


def test_a_request_of_the_desk_stays_requested(room: Room) -> None:
    row = a_subscription(room, "5f1c", "to be deleted")
    room.send(ATHENA, bundle(status("heartbeat") | {"status": "error"}))
    row.refresh_from_db()
    assert row.status == "to be deleted"
