"""Relatient's webhook: the events of GET /events, with the same ids, sent as they happen.

Signed `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`, with a second `v1` while
a secret is being rotated; 5 seconds to answer, tried again for a day (openapi.yaml, Webhook).
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from ..postbox import Parcel
from ..switches import Switches
from .events import shown

SIGNATURE = "Relatient-Signature"
TIMEOUT_SECONDS = 5.0
DAY_SECONDS = 86_400.0


@dataclass
class Webhook:
    switches: Switches
    url: str
    secrets: list[str]
    registered: bool = True
    vendor: str = "relatient"
    name: str = "relatient"
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def retry_for_seconds(self) -> float:
        return self.switches.webhook_retry_for_seconds or DAY_SECONDS

    def listens(self, now: datetime) -> bool:
        return self.registered

    def letter(self, parcel: Parcel, now: datetime) -> tuple[bytes, dict[str, str]]:
        body = json.dumps({"events": [shown(event) for event in parcel.events]}).encode()
        signed = sign(self.secrets, body, int(now.timestamp()))
        return body, {"Content-Type": "application/json", SIGNATURE: signed}

    def settled(self, parcel: Parcel, accepted: bool) -> None:
        """Nothing changes at the vendor."""


def sign(secrets: list[str], body: bytes, seconds: int) -> str:
    payload = f"{seconds}.".encode() + body
    marks = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={seconds}", *(f"v1={mark}" for mark in marks)])
