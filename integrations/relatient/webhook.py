"""Relatient's notifications: whether they are authentic, and the events in them.

The header is `Relatient-Signature: t=<unix seconds>,v1=<hex>`, with several `v1` while a secret is
being changed; signed is "<t>." and the body as it came (relatient.openapi.yaml, Webhook).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.transport.notification import (
    HEX_OF_SHA256,
    Notification,
    Unauthentic,
    Unclear,
    by_id,
    is_signed,
)

HEADER = "Relatient-Signature"
TOLERANCE_SECONDS = 300
SECONDS = re.compile(r"[0-9]{1,12}")
# Room for a dozen signatures; nobody needs more, and every one costs a comparison.
LONGEST_HEADER = 1000

NO_EVENTS = "Relatient sent a notification without a list of events."
NO_ID = "Relatient sent an event without an id."


def authenticate(header: str | None, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Unauthentic unless signed with one of our secrets at about this time, by our clock."""
    moment, signatures = _parts(header)
    if not is_signed(secrets, moment.encode() + b"." + body, signatures):
        raise Unauthentic("the signature is wrong")
    if abs(now.timestamp() - int(moment)) > TOLERANCE_SECONDS:
        raise Unauthentic("the signature's time is too far from our clock")


def _parts(header: str | None) -> tuple[str, list[str]]:
    if not header or not header.strip():
        raise Unauthentic("the signature is missing")
    if len(header) > LONGEST_HEADER:
        raise Unauthentic("the signature header is malformed")
    pairs = [part.partition("=") for part in header.split(",")]
    moments = [value.strip() for name, _, value in pairs if name.strip() == "t"]
    signatures = [value.strip() for name, _, value in pairs if name.strip() == "v1"]
    well_formed = [one for one in signatures if HEX_OF_SHA256.fullmatch(one)]
    if len(moments) != 1 or not SECONDS.fullmatch(moments[0]) or not well_formed:
        raise Unauthentic("the signature header is malformed")
    return moments[0], well_formed


def parse_notification(body: Any) -> Notification:
    """The events of a body `{"events": [...]}`, by the same ids as in the vendor's list."""
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return Notification(unclear=[Unclear(body, NO_EVENTS)])
    return by_id(events, NO_ID)
