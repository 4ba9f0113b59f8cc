"""What vendors post, signed as they sign it, and a practice that they post it to."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from campaigns.models import Practice
from integrations.models import Connection, InboundMessage
from tests.factories import PracticeFactory

ATHENA, RELATIENT = "athenahealth", "relatient"
VENDORS = (ATHENA, RELATIENT)
SECRETS = {ATHENA: "a secret of the chart", RELATIENT: "a secret of the reminders"}
TYPES = {ATHENA: "application/fhir+json", RELATIENT: "application/json"}
HEADERS = {ATHENA: "X-Hub-Signature", RELATIENT: "Relatient-Signature"}
TOPICS = "https://api.platform.athenahealth.com/fhir/r4/SubscriptionTopic"
JSON = dict[str, Any]


def digest(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signature(vendor: str, body: bytes, secret: str = "", at: float | None = None) -> str:
    """The header's value, as the vendor would make it at this time."""
    secret = secret or SECRETS[vendor]
    if vendor == ATHENA:
        return "sha256=" + digest(secret, body)
    moment = str(int(time.time() if at is None else at))
    return f"t={moment},v1={digest(secret, moment.encode() + b'.' + body)}"


def focus(appointment: str, practice: str) -> JSON:
    system = f"urn:athenahealth:athenanet:appointment:{practice}"
    return {"identifier": {"system": system, "value": appointment}}


def told(identity: str, appointment: str, practice: str, number: int = 1) -> JSON:
    """One event of athenahealth about an appointment."""
    return {
        "id": identity,
        "eventNumber": str(number),
        "timestamp": "2026-11-20T15:04:05.000Z",
        "focus": focus(appointment, practice),
    }


def status(kind: str = "event-notification", *events: JSON, topic: str = "") -> JSON:
    """R4B's SubscriptionStatus."""
    return {
        "resourceType": "SubscriptionStatus",
        "status": "active" if events else "requested",
        "type": kind,
        "eventsSinceSubscriptionStart": str(len(events)),
        "eventsInNotification": len(events),
        "subscription": {"reference": "Subscription/5f1c"},
        "topic": f"{TOPICS}/{topic or 'Appointment.schedule'}",
        **({"notificationEvent": list(events)} if events else {}),
    }


def parameters(kind: str = "event-notification", *events: JSON, topic: str = "") -> JSON:
    """The same in the R4 form: Parameters."""
    told_of = [
        {
            "id": event["id"],
            "name": "notification-event",
            "part": [
                {"name": "event-number", "valueString": event["eventNumber"]},
                {"name": "timestamp", "valueInstant": event["timestamp"]},
                {"name": "focus", "valueReference": event["focus"]},
            ],
        }
        for event in events
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subscription", "valueReference": {"reference": "Subscription/5f1c"}},
            {"name": "topic", "valueCanonical": f"{TOPICS}/{topic or 'Appointment.schedule'}"},
            {"name": "status", "valueCode": "active"},
            {"name": "type", "valueCode": kind},
            *told_of,
        ],
    }


def audit_event(identity: str, topic: str, practice: str, patient: str = "31001") -> JSON:
    """The AuditEvent that goes with an event."""
    return {
        "resourceType": "AuditEvent",
        "id": identity,
        "extension": [
            {
                "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-AuditEvent.patient",
                "valueReference": {"reference": f"Patient/a-{practice}.E-{patient}"},
            }
        ],
        "type": {"code": topic},
        "recorded": "2026-11-20T15:04:05.000Z",
        "agent": [{"who": {"identifier": {"value": "mlee"}}}],
        "source": {"observer": {"reference": f"Organization/a-1.Practice-{practice}"}},
    }


def bundle(*resources: JSON, identity: str = "b-1") -> JSON:
    """A notification; athenahealth's own ends with a blank and a new line (see `raw`)."""
    return {
        "resourceType": "Bundle",
        "id": identity,
        "type": "history",
        "timestamp": "2026-11-20T15:04:06.000Z",
        "entry": [{"resource": resource} for resource in resources],
    }


def answer_event(identity: str, practice: str, appointment: str = "900001") -> JSON:
    """One event of Relatient: a patient confirms."""
    return {
        "id": identity,
        "seq": 7,
        "type": "response.confirmed",
        "occurred_at": "2026-11-20T15:04:05Z",
        "enrollment_id": "enr_1",
        "patient_external_id": f"athena:{practice}:31001",
        "appointment_external_id": f"athena:{practice}:{appointment}",
        "appointment_starts_at": "2026-11-24T19:00:00Z",
        "channel": "sms",
        "raw_text": "1",
    }


def raw(value: Any) -> bytes:
    return json.dumps(value).encode() + b" \n"


@dataclass
class Room:
    """A practice with both connections, and the post."""

    practice: Practice
    client: Client

    def address(self, vendor: str, practice: str = "") -> str:
        return f"/webhooks/{vendor}/{practice or self.practice.external_id}/"

    def post(self, vendor: str, body: bytes, **said: Any) -> HttpResponse:
        """What a vendor posts; `signature`, `type`, `practice` and `environ` instead of the usual.

        A signature or type of None is left out.
        """
        signed = said.get("signature", signature(vendor, body))
        headers = {} if signed is None else {HEADERS[vendor]: signed}
        kind = said.get("type", TYPES[vendor])
        environ = {} if kind is None else {"CONTENT_TYPE": kind}
        return self.client.generic(
            "POST",
            self.address(vendor, said.get("practice", "")),
            body,
            content_type="",
            headers=headers,
            **environ | said.get("environ", {}),
        )

    def send(self, vendor: str, value: Any) -> HttpResponse:
        """A signed body."""
        return self.post(vendor, raw(value))

    def valid(self, vendor: str, identity: str = "e-1") -> JSON:
        """A notification of one event."""
        practice = self.practice.external_id
        if vendor == ATHENA:
            return bundle(status("event-notification", told(identity, "900001", practice)))
        return {"events": [answer_event(identity, practice)]}

    def rows(self, **wanted: Any) -> list[InboundMessage]:
        return list(InboundMessage.objects.filter(**wanted).order_by("pk"))


def connected(practice: Practice) -> None:
    for vendor in VENDORS:
        Connection.objects.create(
            practice=practice,
            vendor=vendor,
            base_url="http://127.0.0.1:9",
            webhook_secret=SECRETS[vendor],
        )


def room() -> Room:
    practice = PracticeFactory()
    connected(practice)
    return Room(practice, Client(raise_request_exception=False))
