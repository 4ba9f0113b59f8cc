"""Signed notifications of both vendors, and many connections that send them at once.

A new connection for each, as a vendor's machines or a proxy make them. Everything is signed before
the clock starts; no library stands between, so that little of what is measured is ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import math
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

PRACTICE = "195900"
SECRETS = {"athenahealth": "secret-of-the-subscription", "relatient": "secret-of-the-webhook"}
# Longer than any vendor waits, so that a slow answer is measured and not cut off.
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Notification:
    """One request, ready to be sent; `event` is the id under which it must be stored."""

    path: str
    event: str
    raw: bytes


@dataclass
class Measured:
    """What one level of load brought; seconds of each request, shortest first."""

    connections: int
    elapsed: float
    seconds: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def quantile(self, share: float) -> float:
        """The nearest rank."""
        return self.seconds[max(0, math.ceil(share * len(self.seconds)) - 1)]


def notifications(visits: Iterable[tuple[str, str, str]]) -> Iterator[Notification]:
    """Endless; both vendors in turn, each about one of `visits` (appointment, patient, start)."""
    for number, (appointment, patient, starts_at) in enumerate(itertools.cycle(visits)):
        if number % 2:
            yield relatient(number, appointment, patient, starts_at)
        else:
            yield athenahealth(appointment)


def athenahealth(appointment: str) -> Notification:
    """One event in a Bundle, in the form that athenahealth sends (contract, section 7)."""
    event, now = str(uuid.uuid4()), datetime.now(UTC).isoformat()
    response = {"request": {"method": "GET", "url": "Subscription/sub-1/$status"}}
    status = {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": "event-notification",
        "eventsSinceSubscriptionStart": "1",
        "eventsInNotification": 1,
        "subscription": {"reference": "Subscription/sub-1"},
        "topic": "https://example.org/SubscriptionTopic/Appointment.update",
        "notificationEvent": [
            {
                "id": event,
                "eventNumber": "1",
                "timestamp": now,
                "focus": {
                    "identifier": {
                        "system": f"urn:athenahealth:athenanet:appointment:{PRACTICE}",
                        "value": appointment,
                    }
                },
            }
        ],
    }
    bundle = {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "type": "history",
        "timestamp": now,
        "entry": [{"resource": status, **response}],
    }
    body = json.dumps(bundle).encode()
    signature = hmac.new(SECRETS["athenahealth"].encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/fhir+json",
        "X-Hub-Signature": f"sha256={signature}",
    }
    return _request("athenahealth", event, body, headers)


def relatient(number: int, appointment: str, patient: str, starts_at: str) -> Notification:
    """One confirmation, signed as of now."""
    event, now = f"evt_bench_{uuid.uuid4().hex}", datetime.now(UTC)
    body = json.dumps(
        {
            "events": [
                {
                    "id": event,
                    "seq": 1_000_000 + number,
                    "type": "response.confirmed",
                    "occurred_at": now.isoformat(),
                    "enrollment_id": f"enr_bench_{appointment}",
                    "patient_external_id": f"athena:{PRACTICE}:{patient}",
                    "appointment_external_id": f"athena:{PRACTICE}:{appointment}",
                    "appointment_starts_at": starts_at,
                    "channel": "sms",
                }
            ]
        }
    ).encode()
    moment = str(int(time.time()))
    signed = moment.encode() + b"." + body
    signature = hmac.new(SECRETS["relatient"].encode(), signed, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Relatient-Signature": f"t={moment},v1={signature}",
    }
    return _request("relatient", event, body, headers)


def _request(vendor: str, event: str, body: bytes, headers: dict[str, str]) -> Notification:
    path = f"/webhooks/{vendor}/{PRACTICE}/"
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return Notification(path, event, head + body)


def send(port: int, requests: list[Notification], connections: int) -> Measured:
    """Send them all, so many at a time; a connection that breaks counts as an answer of its own."""
    return asyncio.run(_send(port, requests, connections))


async def _send(port: int, requests: list[Notification], connections: int) -> Measured:
    waiting = iter(requests)
    found = Measured(connections, 0)

    async def one_after_another() -> None:
        for request in waiting:
            began = time.perf_counter()
            answer = await _post(port, request)
            found.seconds.append(time.perf_counter() - began)
            found.answers[answer] = found.answers.get(answer, 0) + 1

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(connections)))
    found.elapsed = time.perf_counter() - began
    found.seconds.sort()
    return found


async def _post(port: int, request: Notification) -> str:
    """The status of the answer, or how there was none."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.raw)
            await writer.drain()
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError) as error:
        return type(error).__name__
    return answer.split(b" ", 2)[1].decode() if answer else "empty"
