"""Relatient's face (integrations/vendors.py), which reminds patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.ports import Deadline, Guard, Refused
from campaigns.vendor_records import CampaignRecord, EnrollmentRecord
from integrations.inbox.reported_events import take_reported
from integrations.models import Connection, Feed, InboundMessage
from integrations.relatient import collect, feed, gateway, translate, webhook
from integrations.relatient.client import ENROLLMENT_PAGE, RelatientClient
from integrations.transport.errors import NOT_CONNECTED
from integrations.vendors import EngagementFace, Webhook

CALL_SECONDS, PROBE_SECONDS, LIST_SECONDS = 60.0, 15.0, 3600.0
NO_ADDRESS = "RELATIENT_BASE_URL is not set. Set it and try again."
ACTIVE = "active"


def _seeded(environment: Mapping[str, Any]) -> dict[str, str]:
    return {
        "base_url": environment["RELATIENT_BASE_URL"],
        "secret": environment["RELATIENT_API_KEY"],
        "webhook_secret": environment["RELATIENT_WEBHOOK_SECRET"],
    }


def _client(connection: Connection, seconds: float, guard: Guard) -> RelatientClient:
    return gateway.client_for(connection, deadline=Deadline.after(seconds), guard=guard)


def _probe(connection: Connection) -> None:
    _client(connection, PROBE_SECONDS, _nobody_minds).ping()


def _nobody_minds() -> None:
    """The guard of a read that two processes may make at once."""


def _check(connection: Connection, guard: Guard) -> dict[str, str]:
    """What a ping tells of the key."""
    if not connection.base_url:
        raise Refused(NO_ADDRESS, code=NOT_CONNECTED)
    told = feed.check(_client(connection, CALL_SECONDS, guard))
    missing = told["missing_scopes"]
    return {
        "credentials": "work",
        "reading": "works",
        "permissions": "missing: " + ", ".join(missing) if missing else "complete",
        "practice_id": told["practice_id"],
    }


def _campaigns(connection: Connection, guard: Guard) -> Sequence[CampaignRecord]:
    return feed.campaign_library(_client(connection, CALL_SECONDS, guard))


def _active_enrollments(
    connection: Connection, cursor: str, guard: Guard
) -> tuple[list[EnrollmentRecord], str]:
    client = _client(connection, LIST_SECONDS, guard)
    return feed.read_enrollments(client, ACTIVE, cursor, ENROLLMENT_PAGE)


def _process(message: InboundMessage) -> Counter[str]:
    record = translate.event_record(message.practice.external_id, message.payload or {})
    return take_reported(message, record)


FACE = EngagementFace(
    seeded=_seeded,
    probe=_probe,
    check=_check,
    feeds=(Feed.EVENTS,),
    pull=collect.pull,
    process=_process,
    webhook=Webhook(webhook.HEADER, webhook.authenticate, webhook.parse_notification),
    # A key belongs to one practice, and Relatient counts the calls of each key.
    budget_key=lambda connection: (connection.host, connection.practice.external_id),
    gateway=gateway.build,
    campaigns=_campaigns,
    active_enrollments=_active_enrollments,
)
