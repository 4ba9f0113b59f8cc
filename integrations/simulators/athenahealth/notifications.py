"""A notification Bundle of the event platform, in the R4B form and in the R4 one.

Source: the skeleton and the samples of athenahealth/aone-fhir-subscriptions; the R4 form from the
Subscriptions R5 Backport guide. The counters are relative to the Bundle. Nothing but ids inside.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..relatient.times import instant

PROFILE = (
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
    "backport-subscription-notification"
)
# The README writes http, the samples https.
PATIENT_EXTENSIONS = [
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-AuditEvent.patient",
    "https://hl7.org/fhir/5.0/StructureDefinition/extension-AuditEvent.patient",
]
ATHENA_EXTENSION = "https://fhir.athena.io/StructureDefinition/"
EVENTS = "event-notification"
Json = dict[str, Any]


def uuid_of(*parts: object) -> str:
    return str(uuid5(NAMESPACE_URL, ":".join(str(part) for part in parts)))


@dataclass(frozen=True)
class Notice:
    """What a Bundle is about, besides its events."""

    subscription_id: str
    topic_url: str
    kind: str
    status: str
    practice_id: str
    number: int
    sent_at: datetime


def bundle(notice: Notice, events: list[Json], form: str) -> bytes:
    """Ends with a blank and a new line, as the samples do: what is signed is the raw body."""
    status = as_parameters(notice, events) if form == "r4" else as_status(notice, events)
    resources = [status, *(audit_event(notice, event) for event in events)]
    payload = {
        "resourceType": "Bundle",
        "id": uuid_of("bundle", notice.number),
        "meta": {"profile": [PROFILE]},
        "type": "history",
        "timestamp": notice.sent_at.isoformat(timespec="milliseconds"),
        "entry": [entry(notice, resource) for resource in resources],
    }
    return json.dumps(payload).encode() + b" \n"


def entry(notice: Notice, resource: Json) -> Json:
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "GET", "url": f"Subscription/{notice.subscription_id}/$status"},
        "response": {"status": "200"},
    }


def as_status(notice: Notice, events: list[Json]) -> Json:
    status: Json = {
        "resourceType": "SubscriptionStatus",
        "id": uuid_of("status", notice.number),
        "status": notice.status,
        "type": notice.kind,
        "eventsSinceSubscriptionStart": str(len(events)),
        "eventsInNotification": len(events),
        "subscription": {"reference": f"Subscription/{notice.subscription_id}"},
        "topic": notice.topic_url,
    }
    told = [
        {
            "id": event["id"],
            "eventNumber": str(number),
            "timestamp": event["at"],
            "focus": focus(notice, event),
        }
        for number, event in enumerate(events, start=1)
    ]
    return status | ({"notificationEvent": told} if told else {})


def as_parameters(notice: Notice, events: list[Json]) -> Json:
    """The event's id is the element's id, as it is in the other form."""
    parameters: list[Json] = [
        {
            "name": "subscription",
            "valueReference": {"reference": f"Subscription/{notice.subscription_id}"},
        },
        {"name": "topic", "valueCanonical": notice.topic_url},
        {"name": "status", "valueCode": notice.status},
        {"name": "type", "valueCode": notice.kind},
        {"name": "events-since-subscription-start", "valueString": str(len(events))},
    ]
    for number, event in enumerate(events, start=1):
        parts = [
            {"name": "event-number", "valueString": str(number)},
            {"name": "timestamp", "valueInstant": event["at"]},
            {"name": "focus", "valueReference": focus(notice, event)},
            {
                "name": "additional-context",
                "valueReference": {"reference": f"AuditEvent/{event['id']}"},
            },
        ]
        parameters.append({"id": event["id"], "name": "notification-event", "part": parts})
    return {
        "resourceType": "Parameters",
        "id": uuid_of("status", notice.number),
        "parameter": parameters,
    }


def focus(notice: Notice, event: Json) -> Json:
    """A patient can be referred to in FHIR; an appointment has only its id of the v1 API."""
    system = f"urn:athenahealth:athenanet:{event['kind']}:{notice.practice_id}"
    identifier = {"identifier": {"system": system, "value": event["subject"]}}
    if event["kind"] == "appointment":
        return identifier
    return {"reference": f"Patient/a-{notice.practice_id}.E-{event['subject']}"} | identifier


def audit_event(notice: Notice, event: Json) -> Json:
    practice = notice.practice_id
    department = f"Organization/a-{practice}.Department-{event['department']}"
    extensions = [
        extension(f"{ATHENA_EXTENSION}ah-department", department),
        extension(f"{ATHENA_EXTENSION}ah-chart-sharing-group", f"Organization/a-{practice}.CSG-1"),
    ]
    if event["patient"]:
        url = PATIENT_EXTENSIONS[event["number"] % 2]
        extensions.insert(1, extension(url, f"Patient/a-{practice}.E-{event['patient']}"))
    return {
        "resourceType": "AuditEvent",
        "id": event["id"],
        "meta": {"versionId": "0"},
        "extension": extensions,
        "type": {
            "system": "https://fhir.athena.io/CodeSystem/SubscriptionTopic",
            "code": event["topic"],
        },
        "recorded": event["at"],
        "agent": [{"who": {"identifier": {"value": event["by"]}}, "requestor": True}],
        "source": {"observer": {"reference": f"Organization/a-1.Practice-{practice}"}},
        "entity": [{"what": focus(notice, event)}],
    }


def extension(url: str, reference: str) -> Json:
    return {"url": url, "valueReference": {"reference": reference}}


def event_of(
    number: int, topic: str, subject: str, row: Json, by: str, at: datetime, practice_id: str
) -> Json:
    """One thing that happened in the chart; several subscriptions tell it under one id."""
    kind = topic.split(".")[0].lower()
    return {
        "id": uuid_of("event", practice_id, number, at.isoformat()),
        "number": number,
        "topic": topic,
        "kind": kind,
        "subject": subject,
        "department": row.get("departmentid", ""),
        "patient": row.get("patientid", ""),
        "by": by,
        "at": instant(at),
    }
