"""Events of the vendors as a scenario posts them, and what became of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from integrations.models import Connection, HttpExchange, InboundMessage
from tests.integration import webhook_room
from tests.integration.webhook_room import bundle, status, told
from tests.scenarios.clinic import PRACTICE

SECRETS = webhook_room.SECRETS
READ_VISIT = "/v1/{practiceid}/appointments/{appointmentid}"
READ_PATIENT = "/v1/{practiceid}/patients/{patientid}"


def post(vendor: str, value: Any) -> HttpResponse:
    body = webhook_room.raw(value)
    header = {webhook_room.HEADERS[vendor]: webhook_room.signature(vendor, body)}
    kind = webhook_room.TYPES[vendor]
    address = f"/webhooks/{vendor}/{PRACTICE}/"
    answer = Client().post(address, body, content_type=kind, headers=header)
    assert answer.status_code == 200
    return answer


class Bell:
    """Events of athenahealth, each with an id of its own."""

    def __init__(self) -> None:
        self.number = 0

    def events(self, *subjects: str, kind: str = "appointment") -> list[dict[str, Any]]:
        found = []
        for subject in subjects:
            self.number += 1
            event = told(f"event-{self.number}", subject, PRACTICE)
            if kind == "patient":
                system = f"urn:athenahealth:athenanet:patient:{PRACTICE}"
                event["focus"] = {
                    "reference": f"Patient/a-{PRACTICE}.E-{subject}",
                    "identifier": {"system": system, "value": subject},
                }
            found.append(event)
        return found

    def tell(self, topic: str, *subjects: str, form: Any = status) -> None:
        kind = topic.partition(".")[0].lower()
        events = self.events(*subjects, kind=kind)
        post("athenahealth", bundle(form("event-notification", *events, topic=topic)))

    def focus(self, focus: dict[str, Any], topic: str = "Appointment.schedule") -> None:
        (event,) = self.events("0")
        event["focus"] = focus
        post("athenahealth", bundle(status("event-notification", event, topic=topic)))


def taken() -> dict[str, int]:
    """What the stored events turned out to be, added up."""
    total: dict[str, int] = {}
    for counts in InboundMessage.objects.filter(kind="event").values_list("counts", flat=True):
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def reads(template: str) -> int:
    return HttpExchange.objects.filter(method="GET", path_template=template).count()


def wake() -> None:
    """The rest after a failed attempt is over."""
    InboundMessage.objects.filter(status="stored").update(lease_until=None)


def listen() -> None:
    """The practice has webhook secrets."""
    for vendor, secret in SECRETS.items():
        Connection.objects.filter(vendor=vendor).update(webhook_secret=secret)
