"""The bearer token: one for all processes of an API key, renewed by one of them (section 1).

The token endpoint allows 5 calls a minute in preview, so nobody fetches without the lease:

1. A token with more than a margin of life left is used as it is.
2. Otherwise whoever gets the lease fetches a new one; the others go on with the old token while
   it lives, and wait for the row to change when it does not.
3. After a 401 a token is discarded, unless another process has replaced it already.
"""

from __future__ import annotations

import time
import uuid
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.ports import Deadline, GatewayError, Guard, TryLater
from integrations.athenahealth.error_mapping import content, credentials_refused, is_throttle
from integrations.athenahealth.schemas import to_number, to_text
from integrations.connections import registry
from integrations.models import AccessToken, Connection
from integrations.transport import errors
from integrations.transport.client import HttpClient, HttpFailure, HttpReply
from integrations.transport.rate_limit import RateLimit

TOKEN_PATH = "/oauth2/v1/token"
SCOPE = "athena/service/Athenanet.MDP.*"
NOT_GRANTED = "not_granted"
NOT_GRANTED_SENTENCE = (
    "athenahealth has not granted this API key its event subscriptions. Ask athenahealth for the "
    "event scopes (system/Subscription.read, system/Subscription.write, "
    "system/SubscriptionTopic.read). Polling goes on as before."
)
# Early, because tokens near their end are sometimes refused already; one hour is their life.
RENEW_BEFORE = timedelta(seconds=90)
DEFAULT_LIFE_SECONDS = 3600
FETCH_SECONDS = 15.0
LEASE = timedelta(seconds=20)
WAIT_SECONDS = 0.1
# Without Retry-After: the quota of the token endpoint is per minute of the clock.
MINUTE = 60.0


@dataclass(frozen=True)
class Token:
    """A token, with the version that says which one it was."""

    text: str = field(repr=False)
    version: int


@dataclass(frozen=True)
class TokenSource:
    """The tokens of one API key, for work with one deadline and guard.

    Another `scope` than the usual one has tokens of its own, kept under `realm`: a key to which
    it was not granted goes on working for everything else.
    """

    connection: Connection
    http: HttpClient
    limit: RateLimit
    deadline: Deadline
    guard: Guard
    scope: str = SCOPE
    realm: str = ""

    def current(self) -> Token:
        """A token to use now, fetched if need be."""
        while True:
            row = self._row()
            if _lives(row, database_now() + RENEW_BEFORE):
                return Token(row.token, row.version)
            lease = self._take_lease(row)
            if lease:
                return self._renewed(row, lease)
            if _lives(row, database_now()):
                return Token(row.token, row.version)
            self._wait()

    def discard(self, token: Token) -> None:
        """Discard a token that was refused, so that nobody uses it again. A newer token is left
        alone.
        """
        self._rows().filter(version=token.version).update(
            token="", expires_at=None, version=F("version") + 1
        )

    def _renewed(self, row: AccessToken, lease: str) -> Token:
        try:
            text, expires_at = self._fetch()
        except GatewayError:
            self._release(lease)
            if _lives(row, database_now()):
                return Token(row.token, row.version)
            raise
        except BaseException:
            self._release(lease)
            raise
        version = row.version + 1
        stored = (
            self._rows()
            .filter(refreshing_by=lease)
            .update(
                token=text,
                expires_at=expires_at,
                version=version,
                refreshing_by="",
                refreshing_until=None,
            )
        )
        # Whoever took the lease over has stored a token of its own; ours is good all the same.
        return Token(text, version if stored else -1)

    def _fetch(self) -> tuple[str, datetime]:
        began = database_now()
        try:
            reply = self.http.send(
                "POST",
                TOKEN_PATH,
                template=TOKEN_PATH,
                form={"grant_type": "client_credentials", "scope": self.scope},
                headers={"Authorization": _basic(self.connection)},
                deadline=Deadline(min(self.deadline.at, Deadline.after(FETCH_SECONDS).at)),
                guard=self.guard,
            )
        except HttpFailure as failure:
            raise errors.from_failure(Vendor.ATHENAHEALTH, failure, changes=False) from None
        return self._read(reply, began)

    def _read(self, reply: HttpReply, began: datetime) -> tuple[str, datetime]:
        # A wrong secret is told with 400 (invalid_client), 401 or 403 by the standard's servers.
        if reply.status in (400, 401) or (reply.status == 403 and not is_throttle(reply)):
            if self.scope != SCOPE:
                # Asked for more than usual. Were the secret wrong, the usual token would tell.
                raise errors.refused(
                    Vendor.ATHENAHEALTH, reply, code=NOT_GRANTED, sentence=NOT_GRANTED_SENTENCE
                )
            refusal = credentials_refused(reply)
            registry.credentials_refused(self.connection, refusal.sentence)
            raise refusal
        if is_throttle(reply):
            wait = errors.retry_after(reply)
            self.limit.block_for(MINUTE - began.second if wait is None else wait)
        body = content(reply, changes=False, task="sign in")
        text = to_text(body.get("access_token")) if isinstance(body, dict) else ""
        if not text:
            raise errors.nonsense(Vendor.ATHENAHEALTH, reply, changes=False)
        # expires_in is a string (section 1).
        life = to_number(body.get("expires_in")) or DEFAULT_LIFE_SECONDS
        return text, began + timedelta(seconds=life)

    def _take_lease(self, row: AccessToken) -> str:
        lease, now = str(uuid.uuid4()), database_now()
        free = Q(refreshing_until__isnull=True) | Q(refreshing_until__lte=now)
        taken = (
            self._rows()
            .filter(free, version=row.version)
            .update(refreshing_by=lease, refreshing_until=now + LEASE)
        )
        return lease if taken else ""

    def _release(self, lease: str) -> None:
        self._rows().filter(refreshing_by=lease).update(refreshing_by="", refreshing_until=None)

    def _wait(self) -> None:
        remaining = self.deadline.remaining()
        if remaining <= 0:
            raise TryLater(
                "Another process was fetching a new access token of athenahealth for too long. "
                "Kept tries again.",
                code=errors.NOT_SENT,
            )
        time.sleep(min(WAIT_SECONDS, remaining))

    def _row(self) -> AccessToken:
        found = self._rows().first()
        if found is None:
            found, _ = AccessToken.objects.get_or_create(None, **self._key())
        return found

    def _rows(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.filter(**self._key())

    def _key(self) -> dict[str, str]:
        host = self.connection.host + self.realm
        return {"host": host, "client_id": self.connection.client_id}


def _lives(row: AccessToken, until: datetime) -> bool:
    return bool(row.token) and row.expires_at is not None and row.expires_at > until


def _basic(connection: Connection) -> str:
    pair = f"{connection.client_id}:{connection.secret}"
    return "Basic " + b64encode(pair.encode()).decode("ascii")
