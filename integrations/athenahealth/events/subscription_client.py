"""Event subscriptions as athenahealth holds them (contract, section 7): list, create, delete.

There is no update: a subscription is renewed by making a new one and deleting the old.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from campaigns.ports import NOT_FOUND, Deadline, Guard, OutcomeUnknown, Refused, TryLater
from integrations.athenahealth.events.subscription_codec import (
    BASE,
    CONTENT_TYPE,
    FhirCalls,
    calls_for,
)
from integrations.models import Connection
from integrations.transport.errors import VENDOR_NONSENSE
from integrations.vendors import HeldSubscription

PATH, ONE, TOPICS = "/Subscription", "/Subscription/{id}", "/SubscriptionTopic"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
REASON = "Kept keeps reminders in step with the schedule"
# More pages of subscriptions than any practice has: a list that never ends is no list.
MOST_PAGES = 50

Json = dict[str, Any]


@dataclass(frozen=True)
class SubscriptionClient:
    """The calls for one practice."""

    calls: FhirCalls

    def held(self) -> list[HeldSubscription]:
        """GET /Subscription: all that this API key may see, other practices' included."""
        return [_held(resource) for resource in self._all(PATH, "Subscription")]

    def topics(self) -> list[str]:
        """GET /SubscriptionTopic: what can be subscribed to here, such as Patient.merge."""
        return sorted(str(one.get("id") or "") for one in self._all(TOPICS, "SubscriptionTopic"))

    def create(self, topic: str, endpoint: str, ends_at: datetime) -> HeldSubscription:
        """POST /Subscription, signed from then on with the connection's webhook secret."""
        connection = self.calls.connection
        resource = _described(connection, topic, endpoint, ends_at)
        reply = self.calls.create(PATH, resource, {"X-Hub-Secret": connection.webhook_secret})
        answer = reply.json_or_none()
        made = answer if isinstance(answer, dict) else {}
        identity = str(made.get("id") or "") or _last_part(reply.headers.get("Location", ""))
        if not identity:
            raise OutcomeUnknown(
                "athenahealth answered without the subscription's id. Kept looks before it "
                "repeats.",
                code=VENDOR_NONSENSE,
                http_status=reply.status,
                request_id=reply.request_id,
            )
        status = str(made.get("status") or "requested").lower()
        return HeldSubscription(
            identity, topic, endpoint, status, moment(made.get("end")) or ends_at
        )

    def delete(self, identity: str) -> None:
        """DELETE /Subscription/{id}; one that is gone already is deleted."""
        try:
            self.calls.delete(ONE, id=identity)
        except Refused as refusal:
            if refusal.code != NOT_FOUND:
                raise

    def _all(self, path: str, kind: str) -> Iterator[Json]:
        params: dict[str, Any] = {"_count": 100}
        for _ in range(MOST_PAGES):
            bundle = self.calls.read(path, params)
            entries = bundle.get("entry", [])
            if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
                raise _unreadable()
            for entry in entries:
                resource = entry.get("resource") if isinstance(entry, dict) else None
                if not isinstance(resource, dict):
                    raise _unreadable()
                # A search may add an OperationOutcome with hints.
                if resource.get("resourceType") == kind:
                    yield resource
            following = _next_page(bundle)
            if following is None:
                return
            params = following
        raise _unreadable()


def client_for(connection: Connection, deadline: Deadline, guard: Guard) -> SubscriptionClient:
    """The calls for a connection, whose practice is loaded."""
    return SubscriptionClient(calls_for(connection, deadline=deadline, guard=guard))


def moment(said: Any) -> datetime | None:
    """A FHIR instant, aware; None for anything else."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _described(connection: Connection, topic: str, endpoint: str, ends_at: datetime) -> Json:
    """An R4 Subscription with the extensions of the Backport guide: ids only, one practice."""
    practice = f"ah-practice=Organization/a-1.Practice-{connection.practice.external_id}"
    return {
        "resourceType": "Subscription",
        "meta": {"profile": [f"{BACKPORT}/backport-subscription"]},
        "status": "requested",
        "end": ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reason": REASON,
        "criteria": f"{connection.base_url.rstrip('/')}{BASE}{TOPICS}/{topic}",
        "_criteria": {
            "extension": [{"url": f"{BACKPORT}/backport-filter-criteria", "valueString": practice}]
        },
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": CONTENT_TYPE,
            "_payload": {
                "extension": [
                    {"url": f"{BACKPORT}/backport-payload-content", "valueCode": "id-only"}
                ]
            },
        },
    }


def _held(resource: Json) -> HeldSubscription:
    channel = resource.get("channel")
    return HeldSubscription(
        external_id=str(resource.get("id") or ""),
        topic=_last_part(str(resource.get("criteria") or "")),
        endpoint=str(channel.get("endpoint") or "") if isinstance(channel, dict) else "",
        status=str(resource.get("status") or "").lower()[:20],
        ends_at=moment(resource.get("end")),
    )


def _last_part(address: str) -> str:
    return urlsplit(address).path.rstrip("/").rpartition("/")[2]


def _next_page(bundle: Json) -> Json | None:
    """The query of the next page. Only its parameters: our token goes to no other address."""
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next":
            query = urlsplit(str(link.get("url") or "")).query
            return dict(parse_qsl(query))
    return None


def _unreadable() -> TryLater:
    return TryLater(
        "athenahealth's list of subscriptions cannot be understood. Kept asks again.",
        code=VENDOR_NONSENSE,
    )
