"""The one place that speaks HTTP. It sends once, waits no longer than it may, and never repeats.

    HttpFailure
    ├── NotSent      certainly nothing was sent: no connection could be made
    │   └── NoTurn   it was not even tried: no time was left, or no turn
    └── NoAnswer     sent, at least in part, and no whole answer came: maybe it was done
    MalformedReply   an answer came whose body is not the JSON it should be

None of them quotes a query, a header or a body. The vendor packages turn them, and the replies,
into campaigns.ports.GatewayError (integrations/transport/errors.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from campaigns.ports import Deadline, Guard
from integrations.transport.call_log import ANSWERED, NO_ANSWER, NOT_SENT, log_call
from integrations.transport.response import HttpReply, MalformedReply
from integrations.transport.watchdog import Watchdog, Watched

__all__ = [
    "HttpClient",
    "HttpFailure",
    "HttpReply",
    "MalformedReply",
    "NoAnswer",
    "NoTurn",
    "NotSent",
]

CONNECT_SECONDS = 5.0
# Of one call, however far away the deadline of the whole work is.
LONGEST_CALL_SECONDS = 60.0
MAX_BODY_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
REQUEST_ID = "X-Request-Id"


class HttpFailure(Exception):
    """A call without a whole answer; `retry_after` when the time of the next try is known."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class NotSent(HttpFailure):
    """Certainly nothing was sent."""


class NoTurn(NotSent):
    """Kept itself held the call back, for want of time or of a turn: it says nothing of
    the vendor.
    """


class NoAnswer(HttpFailure):
    """Something was sent, and no whole answer came back."""


class OpenTransaction(RuntimeError):
    """A programming error: a call to a vendor while a database transaction is open."""


class Limiter(Protocol):
    """Shares out the calls of one API key (integrations/transport/rate_limit.py)."""

    def reserve(self, patience: float) -> float:
        """Seconds until our turn. The turn is taken unless that is longer than `patience`."""
        ...


class _WatchedHttp(Watched, HTTPConnection):
    pass


class _WatchedHttps(Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttps


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class HttpClient:
    """Calls to one vendor for one practice (`practice_id` is the row's id)."""

    def __init__(
        self,
        base_url: str,
        *,
        vendor: str,
        practice_id: int,
        limiter: Limiter,
        user_agent: str = "Kept",
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.vendor = vendor
        self.practice_id = practice_id
        self.limiter = limiter
        self._session = _session(user_agent)

    def send(
        self,
        method: str,
        path: str,
        *,
        template: str,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        deadline: Deadline,
        guard: Guard,
    ) -> HttpReply:
        """One call. `template` is the path without ids, for the log of exchanges.

        1. Wait for our turn, within the deadline.
        2. Ask the guard whether the work is still ours; it raises LeaseLost when not.
        3. Send, and read the whole answer before the deadline.
        4. Log the exchange, in a transaction of its own.
        """
        _forbid_open_transaction()
        request = requests.Request(
            method,
            self.base_url + path,
            params=_present(params),
            data=_present(form),
            json=json,
            headers=dict(headers or {}),
        )
        prepared = self._prepare(request)
        self._wait_for_turn(deadline)
        guard()
        return self._logged_exchange(prepared, template, deadline)

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._session.prepare_request(request)
        except (requests.RequestException, ValueError):
            # The library's text quotes the address or the header.
            raise NotSent("its address or a credential has an impossible form") from None

    def _wait_for_turn(self, deadline: Deadline) -> None:
        patience = min(_time_left(deadline), LONGEST_CALL_SECONDS)
        wait = self.limiter.reserve(patience)
        if wait > patience:
            raise NoTurn("the rate limit leaves no room at present", retry_after=wait)
        if wait > 0:
            time.sleep(wait)

    def _logged_exchange(
        self, prepared: requests.PreparedRequest, template: str, deadline: Deadline
    ) -> HttpReply:
        began = time.monotonic()
        outcome, reply = NO_ANSWER, None
        try:
            reply = self._exchange(prepared, deadline)
            outcome = ANSWERED
            return reply
        except NotSent:
            outcome = NOT_SENT
            raise
        finally:
            log_call(
                practice_id=self.practice_id,
                vendor=self.vendor,
                method=prepared.method or "",
                template=template,
                outcome=outcome,
                status=reply.status if reply else None,
                request_id=reply.request_id if reply else prepared.headers.get(REQUEST_ID, ""),
                seconds=time.monotonic() - began,
            )

    def _exchange(self, prepared: requests.PreparedRequest, deadline: Deadline) -> HttpReply:
        remaining = min(_time_left(deadline), LONGEST_CALL_SECONDS)
        with Watchdog(remaining) as watchdog:
            try:
                with self._session.send(
                    prepared,
                    stream=True,
                    allow_redirects=False,
                    timeout=(min(CONNECT_SECONDS, remaining), remaining),
                ) as response:
                    body = _body(response)
            except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
                raise _failure(watchdog, error) from None
            if watchdog.bitten:
                # The end of the stream was ours: without a length, a cut body looks whole.
                raise NoAnswer("the answer did not end in time")
        request_id = response.headers.get(REQUEST_ID) or prepared.headers.get(REQUEST_ID, "")
        return HttpReply(response.status_code, response.headers, body, request_id)


def _session(user_agent: str) -> requests.Session:
    session = requests.Session()
    # No .netrc (it would override Authorization), no proxy from the environment, no cookies.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers["User-Agent"] = user_agent
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(max_retries=0))
    return session


def _present(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else {k: v for k, v in fields.items() if v is not None}


def _time_left(deadline: Deadline) -> float:
    remaining = deadline.remaining()
    if remaining <= 0:
        raise NoTurn("there was no time left for it")
    return remaining


def _body(response: requests.Response) -> bytes:
    parts, size = [], 0
    for chunk in response.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise NoAnswer("the answer was too long to read")
        parts.append(chunk)
    return b"".join(parts)


def _failure(watchdog: Watchdog, error: Exception) -> HttpFailure:
    # The library's texts quote addresses with their query: only our own words go on.
    if not watchdog.sent:
        if isinstance(error, requests.exceptions.SSLError):
            return NotSent("its certificate or its TLS handshake was not accepted")
        return NotSent("no connection could be made")
    if watchdog.bitten or isinstance(error, requests.Timeout):
        return NoAnswer("no answer came in time")
    return NoAnswer("the connection broke before the answer was whole")


def _forbid_open_transaction() -> None:
    # The transaction that pytest-django or TestCase wraps around a test does not count.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise OpenTransaction(
            "A call to a vendor inside a database transaction holds locks for as long as the "
            "vendor likes. Commit first, then call."
        )
