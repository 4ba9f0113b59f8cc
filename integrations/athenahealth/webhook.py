"""athenahealth's notifications: whether they are authentic, and the events in them. Pure.

A Bundle of type history whose first entry holds the subscription's status, then an AuditEvent for
each event (contract, section 7). athenahealth sends R4B's SubscriptionStatus; the guide's R4 form
puts the same into Parameters. Of the types, only `event-notification` asks for work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.athenahealth import event as notification
from integrations.athenahealth.event import fields_of, named, value_of
from integrations.athenahealth.schemas import to_list, to_text
from integrations.transport.notification import (
    HEX_OF_SHA256,
    Notification,
    SignedEvent,
    Unauthentic,
    Unclear,
    fingerprint,
    identity_of,
    is_signed,
)

HEADER = "X-Hub-Signature"
METHOD = "sha256"
EVENTS = "event-notification"
AUDIT_REFERENCE = re.compile(r"(?:.*/)?AuditEvent/([^/]+)")

NO_BUNDLE = "athenahealth sent a notification that is no Bundle."
NO_STATUS = "athenahealth sent a notification that does not say which subscription it is for."
NO_EVENTS = "athenahealth sent a notification of events that names none."
NO_RECORD = "athenahealth sent an event that is no record."


def authenticate(header: str | None, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Unauthentic unless `sha256=<hex>` is the body's HMAC with one of our secrets.

    The header names the method, since the vendor may change it. It holds no time.
    """
    if not header or not header.strip():
        raise Unauthentic("the signature is missing")
    method, _, digest = (part.strip() for part in header.partition("="))
    if not digest or not method.isascii():
        raise Unauthentic("the signature header is malformed")
    if method.lower() != METHOD:
        raise Unauthentic("the signature's method is not known; sha256 is")
    if not HEX_OF_SHA256.fullmatch(digest):
        raise Unauthentic("the signature header is malformed")
    if not is_signed(secrets, body, [digest]):
        raise Unauthentic("the signature is wrong")


def parse_notification(body: Any) -> Notification:
    """The events of a notification; none for a handshake, a heartbeat, or a type to come."""
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        return Notification(unclear=[Unclear(body, NO_BUNDLE)])
    resources = _resources(body)
    status = next((s for s in map(_status, resources) if s is not None), None)
    if status is None:
        return Notification(unclear=[Unclear(body, NO_STATUS)])
    kind, topic, events = status
    if kind and kind != EVENTS:
        return Notification()
    if not events:
        return Notification(unclear=[Unclear(body, NO_EVENTS)])
    return _events(to_text(body.get("id")), topic, events, _audits(resources))


def _events(
    bundle: str, topic: str, events: list[Any], audits: dict[str, dict[str, Any]]
) -> Notification:
    told, unclear = [], []
    for event in events:
        if not isinstance(event, dict):
            unclear.append(Unclear(event, NO_RECORD))
            continue
        identity = _identity(event)
        stored = {"topic": topic, "event": event, "audit": audits.get(identity)}
        # Without an id, one that is sent again is known only inside the same Bundle.
        told.append(SignedEvent(identity or fingerprint([bundle, event]), stored))
    topics = frozenset(notification.topic_of(one.payload) for one in told)
    return Notification(told, unclear, topics)


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    entries = [entry for entry in to_list(bundle.get("entry")) if isinstance(entry, dict)]
    resources = [entry.get("resource") for entry in entries]
    return [resource for resource in resources if isinstance(resource, dict)]


def _status(resource: dict[str, Any]) -> tuple[str, str, list[Any]] | None:
    """Type, topic and events, in either form; None for any other resource."""
    if resource.get("resourceType") == "SubscriptionStatus":
        kind, topic = to_text(resource.get("type")), to_text(resource.get("topic"))
        return kind.lower(), topic, to_list(resource.get("notificationEvent"))
    if resource.get("resourceType") == "Parameters":
        given = named(resource.get("parameter"))
        kind, topic = (
            to_text(value_of(given[name][0])) if name in given else "" for name in ("type", "topic")
        )
        return kind.lower(), topic, list(given.get("notification-event", []))
    return None


def _audits(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The AuditEvents by their id, which is that of the event they belong to."""
    found = (one for one in resources if one.get("resourceType") == "AuditEvent")
    by_identity = {identity_of(one.get("id")): one for one in found}
    by_identity.pop("", None)
    return by_identity


def _identity(event: dict[str, Any]) -> str:
    """The event's id; in the form that has no place for it, that of the AuditEvent it names."""
    fields = fields_of(event)
    identity = identity_of(fields.get("id"))
    if identity:
        return identity
    context = [one for one in to_list(fields.get("additionalContext")) if isinstance(one, dict)]
    matches = [AUDIT_REFERENCE.fullmatch(to_text(one.get("reference"))) for one in context]
    return next((identity_of(match[1]) for match in matches if match), "")
