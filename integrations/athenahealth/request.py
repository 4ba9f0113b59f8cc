"""One authorised call to athenahealth: token, rate limit, and what the answer means."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.ports import Deadline, GatewayError, Guard
from integrations.athenahealth import error_mapping
from integrations.athenahealth.auth import TOKEN_PATH, Token, TokenSource
from integrations.connections import circuit_breaker, registry
from integrations.models import Connection
from integrations.transport import errors
from integrations.transport.client import REQUEST_ID, HttpClient, HttpFailure, HttpReply
from integrations.transport.rate_limit import QuotaSpent, RateLimit, is_dawn, midnight_after

# How long all processes pause after a throttle that names no time; the outbox backs off longer.
PAUSE_SECONDS = 5.0
# Single flight makes token calls rare; this only spreads those that follow each other.
TOKENS_PER_SECOND = 1.0
PREFIX = "/v1/{practiceid}"


@dataclass(frozen=True)
class Calls:
    """Calls for one practice within one deadline; the guard runs before each of them."""

    connection: Connection
    http: HttpClient
    tokens: TokenSource
    limit: RateLimit
    deadline: Deadline
    guard: Guard

    def read(
        self,
        template: str,
        params: Mapping[str, Any] | None = None,
        *,
        task: str,
        **ids: str,
    ) -> Any:
        """GET: may be repeated at will."""
        return self._send("GET", template, ids, params=params, changes=False, task=task)

    def consume(self, template: str, params: Mapping[str, Any], *, task: str) -> Any:
        """A GET that marks what it returns as processed: without an answer, rows may be gone."""
        return self._send("GET", template, {}, params=params, changes=True, task=task)

    def change(
        self, method: str, template: str, form: Mapping[str, Any], *, task: str, **ids: str
    ) -> Any:
        """PUT or POST with a form: patient data never stands in the address (section 2)."""
        return self._send(method, template, ids, form=form, changes=True, task=task)

    def _send(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str],
        *,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        changes: bool,
        task: str,
    ) -> Any:
        try:
            reply = self._authorised(method, template, ids, params, form, changes)
            self._heed(reply)
            content = error_mapping.content(reply, changes=changes, task=task)
        except GatewayError as error:
            circuit_breaker.learn(self.connection, error)
            raise
        circuit_breaker.learn(self.connection, None)
        return content

    def _authorised(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str],
        params: Mapping[str, Any] | None,
        form: Mapping[str, Any] | None,
        changes: bool,
    ) -> HttpReply:
        """Send; after a 401 once more with a new token. A 401 means that nothing was done."""
        practice = self.connection.practice.external_id
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        path = (PREFIX + template).format(practiceid=quote(practice, safe=""), **quoted)

        def send(token: Token) -> HttpReply:
            try:
                return self.http.send(
                    method,
                    path,
                    template=PREFIX + template,
                    params=params,
                    form=form,
                    headers=_headers(token),
                    deadline=self.deadline,
                    guard=self.guard,
                )
            except QuotaSpent as spent:
                raise self._day_is_over(spent) from None
            except HttpFailure as failure:
                vendor = Vendor.ATHENAHEALTH
                raise errors.from_failure(vendor, failure, changes=changes) from None

        token = self.tokens.current()
        reply = send(token)
        if reply.status != 401:
            return reply
        self.tokens.discard(token)
        token = self.tokens.current()
        reply = send(token)
        if reply.status != 401:
            return reply
        self.tokens.discard(token)
        refusal = error_mapping.credentials_refused(reply)
        registry.credentials_refused(self.connection, refusal.sentence)
        raise refusal

    def _heed(self, reply: HttpReply) -> None:
        """Remember what the reply says of our calls: the day's quota (section 9), or "too fast"."""
        throttled, wait = error_mapping.is_throttle(reply), errors.retry_after(reply)
        if throttled and wait is not None:
            self.limit.block_for(wait)
            return
        limit, remaining = error_mapping.quota_of(reply)
        if remaining == 0 and is_dawn(database_now()):
            # Yesterday's, by the vendor's clock or because the call began before midnight:
            # believed, it would cost the whole of the new day.
            remaining = None
        if remaining is not None:
            self.limit.heard(limit, remaining)
        if remaining == 0:
            over = self._used_up(reply)
            if throttled:
                raise over
        elif throttled:
            self.limit.block_for(PAUSE_SECONDS)

    def _used_up(self, reply: HttpReply) -> GatewayError:
        now = database_now()
        midnight = midnight_after(now)
        return self._told(
            errors.quota_spent(
                Vendor.ATHENAHEALTH,
                midnight,
                self.connection.practice.time_zone,
                (midnight - now).total_seconds(),
                reply=reply,
            )
        )

    def _day_is_over(self, spent: QuotaSpent) -> GatewayError:
        error = errors.quota_spent(
            Vendor.ATHENAHEALTH,
            spent.until,
            self.connection.practice.time_zone,
            spent.retry_after or 0.0,
            for_patients=spent.for_patients,
        )
        return error if spent.for_patients else self._told(error)

    def _told(self, error: GatewayError) -> GatewayError:
        registry.day_used_up(self.connection, error.sentence)
        return error


def calls_for(connection: Connection, *, deadline: Deadline, guard: Guard) -> Calls:
    """The parts put together for a connection."""
    key = connection.client_id
    per_second = connection.practice.athena_requests_per_second
    limit = RateLimit(connection.host, key, per_second, connection.practice.athena_requests_per_day)
    token_limit = RateLimit(connection.host + TOKEN_PATH, key, TOKENS_PER_SECOND)
    return Calls(
        connection=connection,
        http=_http(connection, limit),
        tokens=TokenSource(
            connection, _http(connection, token_limit), token_limit, deadline, guard
        ),
        limit=limit,
        deadline=deadline,
        guard=guard,
    )


def _http(connection: Connection, limit: RateLimit) -> HttpClient:
    return HttpClient(
        connection.base_url,
        vendor=Vendor.ATHENAHEALTH,
        practice_id=connection.practice_id,
        limiter=limit,
    )


def _headers(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.text}", REQUEST_ID: str(uuid.uuid4())}
