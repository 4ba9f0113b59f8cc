"""The event platform's subscriptions: what an app asked to be told, and telling it.

Source: athenahealth/aone-fhir-subscriptions, README. One per topic and practice, 2 seconds to
answer, tried again for an hour. Whether there is a handshake is unconfirmed and has a switch.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from ..postbox import Parcel, Postbox
from ..relatient.times import read_instant
from ..sending import may_be_told
from ..switches import Switches
from .chart import Row
from .notifications import EVENTS, Notice, bundle, event_of, uuid_of
from .topics import DESCRIPTIONS, topic_of

IG = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
SIGNATURE = "X-Hub-Signature"
TIMEOUT_SECONDS = 2.0
HOUR_SECONDS = 3600.0
Json = dict[str, Any]


class Unacceptable(Exception):
    """Why a Subscription was refused: the code of an OperationOutcome's issue, and words."""

    def __init__(self, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.code = code


@dataclass
class Subscription:
    """`status` is requested, active or error as long as the end has not come; then it is off."""

    id: str
    client_id: str
    resource: Json
    topic: str
    end: datetime
    secret: str
    practice_id: str
    switches: Switches
    status: str
    deleted: bool = False
    silenced: bool = False
    vendor: str = "athenahealth"
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        return f"Subscription/{self.id}"

    @property
    def url(self) -> str:
        return str(self.resource["channel"]["endpoint"])

    @property
    def retry_for_seconds(self) -> float:
        return self.switches.webhook_retry_for_seconds or HOUR_SECONDS

    def status_at(self, now: datetime) -> str:
        return "off" if now >= self.end else self.status

    def shown(self, now: datetime) -> Json:
        return self.resource | {"id": self.id, "status": self.status_at(now)}

    def listens(self, now: datetime) -> bool:
        return not self.deleted and not self.silenced and self.status_at(now) != "off"

    def letter(self, parcel: Parcel, now: datetime) -> tuple[bytes, dict[str, str]]:
        usual = (EVENTS, "active") if parcel.events else ("handshake", "requested")
        kind, status = parcel.says or usual
        topic_url = self.resource["criteria"]
        notice = Notice(self.id, topic_url, kind, status, self.practice_id, parcel.number, now)
        body = bundle(notice, parcel.events, self.switches.webhook_form)
        headers = {"Content-Type": "application/fhir+json"}
        if self.secret:
            mark = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={mark}"
        return body, headers

    def settled(self, parcel: Parcel, accepted: bool) -> None:
        if not parcel.events and parcel.says is None and self.status == "requested":
            self.status = "active" if accepted else "error"


class SubscriptionDesk:
    def __init__(
        self,
        practice_id: str,
        switches: Switches,
        clock: Callable[[], datetime],
        postbox: Postbox,
    ) -> None:
        self.practice_id = practice_id
        self.switches = switches
        self.clock = clock
        self.postbox = postbox
        self.subscriptions: dict[str, Subscription] = {}
        self.numbers = count(1)
        self.events_told = 0

    def create(self, client_id: str, resource: Json, secret: str) -> Subscription:
        topic, end = check(resource, self.practice_id, self.clock())
        subscription = Subscription(
            id=uuid_of("subscription", self.practice_id, client_id, next(self.numbers)),
            client_id=client_id,
            resource=resource,
            topic=topic,
            end=end,
            secret=secret,
            practice_id=self.practice_id,
            switches=self.switches,
            status="requested" if self.switches.webhook_handshake else "active",
        )
        self.subscriptions[subscription.id] = subscription
        if self.switches.webhook_handshake:
            self.postbox.shake_hands(subscription)
        return subscription

    def of(self, client_id: str) -> list[Subscription]:
        return [one for one in self.subscriptions.values() if one.client_id == client_id]

    def find(self, client_id: str, id: str) -> Subscription | None:
        return next((one for one in self.of(client_id) if one.id == id), None)

    def delete(self, subscription: Subscription) -> None:
        """What still waits to be told under it is told no more."""
        subscription.deleted = True
        del self.subscriptions[subscription.id]

    def publish(self, event: str, subject: str, row: Row, by: str) -> None:
        topic = topic_of(event, row)
        if topic is None or not self.subscriptions:
            return
        now = self.clock()
        self.events_told += 1
        told = event_of(self.events_told, topic, subject, row, by, now, self.practice_id)
        for one in self.subscriptions.values():
            if one.topic == topic and one.status == "active" and one.listens(now):
                self.postbox.add(one, told)


def check(resource: Json, practice_id: str, now: datetime) -> tuple[str, datetime]:
    """The topic and the end of an acceptable Subscription."""
    require(resource.get("resourceType") == "Subscription", "structure", "not a Subscription")
    profiles = (resource.get("meta") or {}).get("profile") or []
    profile = f"{IG}backport-subscription"
    require(profile in profiles, "invalid", f"meta.profile has to name {profile}")
    require(resource.get("status") == "requested", "value", "status has to be requested")
    base, _, topic = str(resource.get("criteria", "")).rpartition("/SubscriptionTopic/")
    require(bool(base) and topic in DESCRIPTIONS, "not-supported", "criteria is no known topic")
    check_filter(resource, practice_id)
    check_channel(resource.get("channel") or {})
    return topic, check_end(resource, now)


def require(right: bool, code: str, diagnostics: str) -> None:
    if not right:
        raise Unacceptable(code, diagnostics)


def check_filter(resource: Json, practice_id: str) -> None:
    given = {
        one.get("url"): one.get("valueString")
        for one in (resource.get("_criteria") or {}).get("extension") or []
    }
    wanted = f"ah-practice=Organization/a-1.Practice-{practice_id}"
    found = given.get(f"{IG}backport-filter-criteria")
    require(found is not None, "required", "_criteria needs the filter ah-practice")
    require(found == wanted, "forbidden", "the app has no access to this practice")


def check_channel(channel: Json) -> None:
    require(channel.get("type") == "rest-hook", "not-supported", "channel.type has to be rest-hook")
    payload = channel.get("payload")
    right = payload == "application/fhir+json"
    require(right, "not-supported", "channel.payload has to be application/fhir+json")
    content = {
        one.get("url"): one.get("valueCode")
        for one in (channel.get("_payload") or {}).get("extension") or []
    }
    found = content.get(f"{IG}backport-payload-content")
    require(found == "id-only", "not-supported", "only the payload content id-only is supported")
    endpoint = str(channel.get("endpoint", ""))
    require(may_be_told(endpoint), "value", "channel.endpoint has to be an https address")


def check_end(resource: Json, now: datetime) -> datetime:
    try:
        end = read_instant(str(resource.get("end", "")))
    except ValueError:
        raise Unacceptable("required", "end has to be an instant") from None
    require(end > now, "business-rule", "end has passed already")
    return end
