"""A practice that is told of events, and what its polls have found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from campaigns.clock import database_now
from campaigns.models import Practice
from integrations.athenahealth.events.topics import TOPICS
from integrations.models import (
    Connection,
    EventSubscription,
    InboundMessage,
    SyncKind,
    SyncRun,
)

ENDPOINT = "https://kept.example.org/webhooks/athenahealth/195900/"


def connected(practice: Practice, **columns: Any) -> Connection:
    return Connection.objects.create(
        practice=practice,
        vendor="athenahealth",
        base_url="https://api.example.org",
        client_id="client-1",
        secret="secret",
        **columns,
    )


def subscribed(connection: Connection, made: datetime, **columns: Any) -> None:
    """To every topic, since then, heard of just after."""
    for topic in TOPICS:
        EventSubscription.objects.create(
            practice=connection.practice,
            connection=connection,
            topic=topic,
            external_id=f"id-{topic}",
            endpoint=ENDPOINT,
            created_at=made,
            checked_at=made,
            **{"status": "active", "ends_at": made + timedelta(days=30), **columns},
        )


def polled(practice: Practice, minutes_ago: float, **counts: int) -> InboundMessage:
    """A poll read a page of appointments and found so much."""
    when = database_now() - timedelta(minutes=minutes_ago)
    run = SyncRun.objects.create(practice=practice, kind=SyncKind.POLL, started_at=when)
    return InboundMessage.objects.create(
        practice=practice,
        vendor="athenahealth",
        kind="appointments_page",
        status="processed",
        read_began=when,
        read_ended=when,
        received_at=when,
        sync_run=run,
        counts=counts,
    )
