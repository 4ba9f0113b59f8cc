"""POST /oauth2/v1/token: client_credentials by HTTP Basic, scope in the form, a string expires_in.

Source: recordings of 2016 and 2023, docs.athenahealth.com/api/guides/token-endpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from ..limits import Window
from ..switches import Switches
from .replies import json_reply

# What only an app with the event platform is given (aone-fhir-subscriptions, section 2.2).
EVENT_SCOPES = {
    "system/SubscriptionTopic.read",
    "system/Subscription.read",
    "system/Subscription.write",
}


@dataclass
class ApiKey:
    client_id: str
    # How this key signs what it writes: lastmodifiedby, cancelledby and scheduledby show API-<n>.
    author: str
    proper_json: bool


class TokenDesk:
    def __init__(self, switches: Switches, clock: Callable[[], datetime]) -> None:
        self.switches = switches
        self.clock = clock
        self.minute = Window(60)
        self.issued = 0
        # token -> whose it is, until when, for what
        self.living: dict[str, tuple[str, datetime, set[str]]] = {}
        self.keys: dict[str, ApiKey] = {}

    def respond(self, request: Request) -> Response:
        now, limit = self.clock(), self.switches.token_requests_per_minute
        remaining = self.minute.take(now, limit)
        headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(remaining, 0))}
        if remaining < 0:
            return json_reply(429, {"error": "Rate limit quota violation."}, headers)
        status, body = self.grant(request, now)
        return json_reply(status, body, headers)

    def grant(self, request: Request, now: datetime) -> tuple[int, dict[str, Any]]:
        client = request.authorization
        if not client or not self.knows(client.username, client.password):
            return 401, {"error": "invalid_client"}
        if request.form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        scopes = set(request.form.get("scope", "").split())
        if not scopes or (scopes & EVENT_SCOPES and not self.switches.event_scopes):
            return 400, {"error": "invalid_scope"}
        return 200, self.issue(str(client.username), request.form["scope"], now)

    def knows(self, client_id: str | None, secret: str | None) -> bool:
        return bool(client_id) and self.switches.athena_credentials.get(client_id or "") == secret

    def issue(self, client_id: str, scope: str, now: datetime) -> dict[str, Any]:
        self.issued += 1
        token = f"simulated-token-{self.issued:05d}"
        lifetime = self.switches.token_lifetime_seconds
        expires = now + timedelta(seconds=lifetime)
        self.living[token] = (client_id, expires, set(scope.split()))
        return {
            "token_type": "Bearer",
            "expires_in": str(lifetime),
            "access_token": token,
            "scope": scope,
        }

    def holder(self, token: str) -> ApiKey | None:
        now = self.clock()
        client_id, expires, _ = self.living.get(token, ("", now, set()))
        return self.key(client_id) if now < expires else None

    def scopes(self, token: str) -> set[str]:
        return self.living[token][2] if token in self.living else set()

    def revoke(self, token: str) -> None:
        self.living.pop(token, None)

    def key(self, client_id: str) -> ApiKey:
        if client_id not in self.keys:
            author = f"API-{4711 + len(self.keys)}"
            self.keys[client_id] = ApiKey(client_id, author, self.switches.proper_json)
        return self.keys[client_id]

    def encode_all(self, proper: bool) -> None:
        for key in self.keys.values():
            key.proper_json = proper

    def revoke_all(self) -> None:
        self.living.clear()
