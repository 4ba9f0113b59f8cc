"""What the two vendors' notifications have in common: a signature, and events with ids."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

# As long as InboundMessage.external_id; a longer id is stored by its hash.
LONGEST_ID = 120
HEX_OF_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Unauthentic(Exception):
    """Nothing shows that the vendor sent this. The text is a short reason, and quotes nothing."""


@dataclass(frozen=True)
class SignedEvent:
    """One event: the id under which it is stored once, and what to store."""

    identity: str
    payload: Any


@dataclass(frozen=True)
class Unclear:
    """A part, or the whole, of an authentic notification that holds no event; and why."""

    payload: Any
    problem: str

    @property
    def identity(self) -> str:
        """The same content is stored once."""
        return fingerprint(self.payload)


@dataclass(frozen=True)
class ReportedFault:
    """The vendor says that a subscription does not work: its id and topic, empty where it does not
    say, and `error` or `off`.
    """

    subscription: str
    topic: str
    status: str


@dataclass(frozen=True)
class Notification:
    """What one notification holds; nothing at all when it only asks whether we are there."""

    events: Sequence[SignedEvent] = ()
    unclear: Sequence[Unclear] = ()
    topics: frozenset[str] = field(default_factory=frozenset)
    faults: Sequence[ReportedFault] = ()


def by_id(elements: Iterable[Any], problem: str) -> Notification:
    """Elements that name themselves in `id`; what has no id is kept apart, with the problem."""
    events, unclear = [], []
    for element in elements:
        identity = identity_of(element.get("id")) if isinstance(element, dict) else ""
        if identity:
            events.append(SignedEvent(identity, element))
        else:
            unclear.append(Unclear(element, problem))
    return Notification(events, unclear)


def identity_of(value: Any) -> str:
    """An id as it is stored; empty when the value is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= LONGEST_ID else fingerprint(text)


def fingerprint(value: Any) -> str:
    """The same for equal content, in whatever order its fields were sent."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return "sha256-" + hashlib.sha256(text.encode()).hexdigest()


def is_signed(secrets: Iterable[str], message: bytes, signatures: Sequence[str]) -> bool:
    """Whether one of the signatures (hex) is one of the secrets' HMAC-SHA256 of the message.

    Every pair is compared, each in constant time, so that nothing tells how near a guess was.
    """
    given = [bytes.fromhex(one) for one in signatures]
    found = False
    for secret in secrets:
        due = hmac.digest(secret.encode(), message, "sha256")
        for one in given:
            found |= hmac.compare_digest(due, one)
    return found
