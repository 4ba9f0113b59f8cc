"""One authorised call to athenahealth's FHIR API, which only the event subscriptions need.

It has a token of its own with the scopes for events (contract, sections 1, 7 and 8): where
athenahealth has not granted them, the rest of Kept goes on unharmed. Errors are OperationOutcomes,
whose texts may quote what was sent and are therefore never passed on.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from campaigns.domain.values import Vendor
from campaigns.ports import NOT_FOUND, Deadline, GatewayError, Guard
from integrations.athenahealth.auth import (
    NOT_GRANTED,
    NOT_GRANTED_SENTENCE,
    TOKEN_PATH,
    Token,
    TokenSource,
)
from integrations.athenahealth.error_mapping import NOT_AN_ENDPOINT, is_throttle
from integrations.athenahealth.request import PAUSE_SECONDS, TOKENS_PER_SECOND
from integrations.models import Connection
from integrations.transport import errors
from integrations.transport.client import REQUEST_ID, HttpClient, HttpFailure, HttpReply
from integrations.transport.rate_limit import RateLimit

VENDOR = Vendor.ATHENAHEALTH
BASE = "/fhir/r4"
SCOPE = "system/SubscriptionTopic.read system/Subscription.read system/Subscription.write"
CONTENT_TYPE = "application/fhir+json"
# FHIR's own list of issue types is made of such words; anything else may quote what was sent.
ISSUE_TYPE = re.compile(r"[a-z-]{1,30}")
THROTTLED = "throttled"

Json = dict[str, Any]


@dataclass(frozen=True)
class FhirCalls:
    """Calls for one practice within one deadline; the guard runs before each of them."""

    connection: Connection
    http: HttpClient
    tokens: TokenSource
    limit: RateLimit
    deadline: Deadline
    guard: Guard

    def read(self, template: str, params: Mapping[str, Any] | None = None) -> Json:
        """GET: a resource, or a Bundle of them."""
        reply = self._answered("GET", template, {}, changes=False, params=params)
        return _resource(reply, changes=False)

    def create(self, template: str, resource: Json, headers: Mapping[str, str]) -> HttpReply:
        """POST a resource; `headers` come on top of our own."""
        return self._answered("POST", template, {}, changes=True, json=resource, headers=headers)

    def delete(self, template: str, **ids: str) -> None:
        """DELETE a resource."""
        self._answered("DELETE", template, ids, changes=True)

    def _answered(
        self, method: str, template: str, ids: Mapping[str, str], *, changes: bool, **sent: Any
    ) -> HttpReply:
        reply = self._authorised(method, template, ids, changes, sent)
        if reply.ok:
            return reply
        if _is_throttle(reply):
            wait = errors.retry_after(reply)
            self.limit.block_for(PAUSE_SECONDS if wait is None else wait)
        raise failure(reply, changes=changes)

    def _authorised(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str],
        changes: bool,
        sent: Mapping[str, Any],
    ) -> HttpReply:
        """Send; after a 401 once more with a new token. A 401 means that nothing was done."""
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        more = {**sent, "headers": {**_headers(), **sent.get("headers", {})}}

        def send(token: Token) -> HttpReply:
            more["headers"]["Authorization"] = f"Bearer {token.text}"
            try:
                return self.http.send(
                    method,
                    BASE + template.format(**quoted),
                    template=BASE + template,
                    deadline=self.deadline,
                    guard=self.guard,
                    **more,
                )
            except HttpFailure as failed:
                raise errors.from_failure(VENDOR, failed, changes=changes) from None

        token = self.tokens.current()
        reply = send(token)
        if reply.status != 401:
            return reply
        self.tokens.discard(token)
        return send(self.tokens.current())


def calls_for(connection: Connection, *, deadline: Deadline, guard: Guard) -> FhirCalls:
    """The parts put together for a connection; the rate limit is that of all its calls."""
    key = connection.client_id
    practice = connection.practice
    limit = RateLimit(
        connection.host, key, practice.athena_requests_per_second, practice.athena_requests_per_day
    )
    signing_in = RateLimit(connection.host + TOKEN_PATH, key, TOKENS_PER_SECOND)
    tokens = TokenSource(
        connection, _http(connection, signing_in), signing_in, deadline, guard, SCOPE, BASE
    )
    return FhirCalls(connection, _http(connection, limit), tokens, limit, deadline, guard)


def failure(reply: HttpReply, *, changes: bool) -> GatewayError:
    """The error for an answer that is no success."""
    if _is_throttle(reply):
        return errors.throttled(VENDOR, reply, errors.retry_after(reply))
    if reply.status >= 500 or reply.status == 408:
        return errors.server_error(VENDOR, reply, changes=changes)
    if reply.status < 400:
        return errors.redirected(VENDOR, reply)
    if reply.status in (401, 402, 403):
        return errors.refused(VENDOR, reply, code=NOT_GRANTED, sentence=NOT_GRANTED_SENTENCE)
    if reply.status in (404, 410):
        return _not_there(reply)
    said = issue_type(reply)
    return errors.refused(
        VENDOR,
        reply,
        code=errors.REJECTED,
        sentence=f"athenahealth did not accept the subscription ({reply.status}"
        f"{', ' + said if said else ''}). The list of calls has the request id for its support.",
    )


def issue_type(reply: HttpReply) -> str:
    """What kind of issue an OperationOutcome names, or nothing."""
    body = reply.json_or_none()
    issues = body.get("issue") if isinstance(body, dict) else None
    first = issues[0] if isinstance(issues, list) and issues else None
    said = str(first.get("code") or "") if isinstance(first, dict) else ""
    return said if ISSUE_TYPE.fullmatch(said) else ""


def _is_throttle(reply: HttpReply) -> bool:
    return is_throttle(reply) or (reply.status == 403 and issue_type(reply) == THROTTLED)


def _not_there(reply: HttpReply) -> GatewayError:
    """A gateway's plain text must never pass for "no such subscription"."""
    if isinstance(reply.json_or_none(), dict):
        code, sentence = NOT_FOUND, "athenahealth holds no such subscription."
    else:
        code, sentence = errors.NOT_SERVED, NOT_AN_ENDPOINT
    return errors.refused(VENDOR, reply, code=code, sentence=sentence)


def _resource(reply: HttpReply, *, changes: bool) -> Json:
    body = reply.json_or_none()
    if not isinstance(body, dict):
        raise errors.nonsense(VENDOR, reply, changes=changes)
    return body


def _headers() -> dict[str, str]:
    return {
        "Accept": CONTENT_TYPE,
        "Content-Type": CONTENT_TYPE,
        REQUEST_ID: str(uuid.uuid4()),
    }


def _http(connection: Connection, limit: RateLimit) -> HttpClient:
    return HttpClient(
        connection.base_url, vendor=VENDOR, practice_id=connection.practice_id, limiter=limit
    )
