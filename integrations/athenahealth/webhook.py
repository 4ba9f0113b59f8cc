"""athenahealth's notifications: whether they are authentic, and the events in them. Pure.

A Bundle of type history whose first entry holds the subscription's status, then an AuditEvent for
each event (contract, section 7). athenahealth sends R4B's SubscriptionStatus; the guide's R4 form
puts the same into Parameters. Of the types, only `event-notification` asks for work; but each may
say that the subscription does not work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.athenahealth.events import event as notification
from integrations.athenahealth.events.event import fields_of, named, value_of
from integrations.athenahealth.schemas import to_list, to_text
from integrations.transport.notification import (
    HEX_OF_SHA256,
    Notification,
    ReportedFault,
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
# The statuses of a subscription that tells nothing.
FAULTY = frozenset({"error", "off"})
SUBSCRIPTION_REFERENCE = re.compile(r"(?:.*/)?Subscription/([^/]+)(?:/.*)?")
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
    """The events of a notification, none for a handshake, a heartbeat, or a type to come; and
    whether it says that its subscription does not work.
    """
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        return Notification(unclear=[Unclear(body, NO_BUNDLE)])
    resources = _resources(body)
    status = next((s for s in map(_status, resources) if s is not None), None)
    if status is None:
        return Notification(unclear=[Unclear(body, NO_STATUS)])
    if status.kind and status.kind != EVENTS:
        return Notification(faults=status.faults)
    if not status.events:
        # One that does not work has nothing to tell.
        unclear = [] if status.faults else [Unclear(body, NO_EVENTS)]
        return Notification(unclear=unclear, faults=status.faults)
    told = _events(to_text(body.get("id")), status, _audits(resources))
    return replace(told, faults=status.faults)


@dataclass(frozen=True)
class Status:
    """What a notification says of its subscription, in either form."""

    kind: str
    topic: str
    subscription: str
    status: str
    events: list[Any]

    @property
    def faults(self) -> list[ReportedFault]:
        """That the subscription does not work, if it says so."""
        if self.status not in FAULTY:
            return []
        topic = notification.topic_of({"topic": self.topic})
        return [ReportedFault(self.subscription, topic, self.status)]


def _events(bundle: str, status: Status, audits: dict[str, dict[str, Any]]) -> Notification:
    told, unclear = [], []
    for event in status.events:
        if not isinstance(event, dict):
            unclear.append(Unclear(event, NO_RECORD))
            continue
        identity = _identity(event)
        stored = {"topic": status.topic, "event": event, "audit": audits.get(identity)}
        # Without an id, one that is sent again is known only inside the same Bundle.
        told.append(SignedEvent(identity or fingerprint([bundle, event]), stored))
    topics = frozenset(notification.topic_of(one.payload) for one in told)
    return Notification(told, unclear, topics)


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    entries = [entry for entry in to_list(bundle.get("entry")) if isinstance(entry, dict)]
    resources = [entry.get("resource") for entry in entries]
    return [resource for resource in resources if isinstance(resource, dict)]


def _status(resource: dict[str, Any]) -> Status | None:
    """The status, in either form; None for any other resource."""
    if resource.get("resourceType") == "SubscriptionStatus":
        said = {name: resource.get(name) for name in ("type", "topic", "subscription", "status")}
        events = to_list(resource.get("notificationEvent"))
    elif resource.get("resourceType") == "Parameters":
        given = named(resource.get("parameter"))
        said = {
            name: value_of(given[name][0])
            for name in ("type", "topic", "subscription", "status")
            if name in given
        }
        events = list(given.get("notification-event", []))
    else:
        return None
    return Status(
        kind=to_text(said.get("type")).lower(),
        topic=to_text(said.get("topic")),
        subscription=_subscription(said.get("subscription")),
        status=to_text(said.get("status")).strip().lower(),
        events=events,
    )


def _subscription(reference: Any) -> str:
    """The subscription's id; empty where none is named."""
    named_by = to_text(reference.get("reference")) if isinstance(reference, dict) else ""
    match = SUBSCRIPTION_REFERENCE.fullmatch(named_by.strip())
    return identity_of(match[1]) if match else ""


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
