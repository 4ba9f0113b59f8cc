"""athenahealth's face (integrations/vendors.py), in whose system the chart is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from campaigns.ports import Deadline, Guard, Refused
from integrations.athenahealth import feed, gateway, poll, process, reference, translate, webhook
from integrations.athenahealth.client import AthenaClient, client_for
from integrations.athenahealth.events.subscription_client import client_for as subscription_client
from integrations.athenahealth.events.topics import NEEDED, TOPICS, WATCHED
from integrations.athenahealth.paging import Page
from integrations.models import Connection
from integrations.transport.errors import NOT_CONNECTED
from integrations.vendors import ChartFace, ChartLists, EventTopics, Webhook

CALL_SECONDS, PROBE_SECONDS, BOOKED_SECONDS = 60.0, 15.0, 3600.0
UNVERIFIED = "not verified: athenahealth names no scope for it; the first write will tell"
NO_ADDRESS = "ATHENA_BASE_URL is not set. Set it and try again."


def _seeded(environment: Mapping[str, Any]) -> dict[str, str]:
    return {
        "base_url": environment["ATHENA_BASE_URL"],
        "client_id": environment["ATHENA_CLIENT_ID"],
        "secret": environment["ATHENA_CLIENT_SECRET"],
        "webhook_secret": environment["ATHENA_WEBHOOK_SECRET"],
    }


def _probe(connection: Connection) -> None:
    client = client_for(connection, deadline=Deadline.after(PROBE_SECONDS), guard=_nobody_minds)
    client.calls.read("/departments", {"limit": 1}, task="read the departments")


def _nobody_minds() -> None:
    """The guard of a read that two processes may make at once."""


def _check(connection: Connection, guard: Guard) -> dict[str, str]:
    """Subscribe to the change feeds, which proves the credentials."""
    if not connection.base_url:
        raise Refused(NO_ADDRESS, code=NOT_CONNECTED)
    for which in FACE.feeds:
        feed.subscribe(_client(connection, guard), which)
    return {
        "credentials": "work",
        "reading": "works",
        "change_feeds": "subscribed",
        "writing": UNVERIFIED if connection.write_access == "unverified" else "works",
    }


def _client(connection: Connection, guard: Guard) -> AthenaClient:
    """A client with a deadline of its own, as each list needs one."""
    return client_for(connection, deadline=Deadline.after(CALL_SECONDS), guard=guard)


def _lists(connection: Connection, guard: Guard) -> ChartLists:
    def client() -> AthenaClient:
        return _client(connection, guard)

    return ChartLists(
        departments=[reference.department(row) for row in client().departments()],
        providers=[reference.provider(row) for row in client().providers()],
        appointment_types=[reference.appointment_type(row) for row in client().appointment_types()],
        cancel_reasons=[reference.cancel_reason(row) for row in client().cancel_reasons()],
        confirmation_statuses=[
            reference.confirmation(row) for row in client().confirmation_statuses()
        ],
    )


def _booked(connection: Connection, first: date, last: date, guard: Guard) -> Iterable[Page]:
    client = client_for(connection, deadline=Deadline.after(BOOKED_SECONDS), guard=guard)
    return client.booked(first, last, gateway.departments_of(connection))


FACE = ChartFace(
    seeded=_seeded,
    probe=_probe,
    check=_check,
    feeds=tuple(poll.KINDS),
    pull=poll.pull,
    process=process.process,
    events_are_read=True,
    webhook=Webhook(webhook.HEADER, webhook.authenticate, webhook.parse_notification),
    budget_key=lambda connection: (connection.host, connection.client_id),
    gateway=gateway.build,
    lists=_lists,
    booked=_booked,
    appointment_id=translate.appointment_id,
    appointment=translate.appointment,
    events=EventTopics(TOPICS, NEEDED, WATCHED, subscription_client),
)
