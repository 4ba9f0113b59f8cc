"""The one endpoint for what vendors send us: checked, stored, answered, and then worked on.

1. Is it addressed to a practice of ours, is it JSON by its header, is it small enough?
2. Do the raw bytes carry the vendor's signature?
3. Is it JSON?
4. Store its events and commit; answer 200; ring for a worker.

A refusal leaves no row and quotes nothing of what was sent. The vendors send again what is not
answered with 2xx in time (athenahealth 2 s, Relatient 5 s), so a database that is busy or away is
answered with 503 before they give up.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.common import no_append_slash
from django.views.decorators.csrf import csrf_exempt

from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from integrations.inbox.reported_faults import take_faults
from integrations.inbox.store import store_notification
from integrations.models import Connection
from integrations.transport.notification import Unauthentic
from integrations.transport.response import NotJson, parse_json
from integrations.vendors import Webhook
from integrations.webhooks import request_body
from integrations.webhooks.busy_timeout import retry_while_busy
from integrations.webhooks.request_body import Unusable

PRACTICE = re.compile(r"[0-9A-Za-z_-]{1,40}")
# SQLite lets one process write at a time. Together well under athenahealth's 2 s, also for
# a request that waits until a thread has done with another one.
PATIENCE_TO_STORE_MS = 1000
PATIENCE_TO_RING_MS = 200
NO_SECRET = "no webhook secret is set for this connection in Kept: set one, and sign with it"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WebhookEndpoint:
    """The endpoint of one vendor."""

    vendor: Vendor
    webhook: Webhook

    def receive(self, request: HttpRequest, practice: str) -> bool:
        """Store what was sent; whether any of it is new. Raises Unusable."""
        to = self._connection(practice)
        raw = request_body.read(request)
        now = database_now()
        secrets = [one for one in (to.webhook_secret, to.webhook_secret_before) if one]
        if not secrets:
            raise Unusable(401, NO_SECRET)
        try:
            header = request.headers.get(self.webhook.header)
            self.webhook.authenticate(header, raw, secrets, now)
            content = parse_json(raw)
        except Unauthentic as error:
            raise Unusable(401, str(error)) from None
        except NotJson as error:
            raise Unusable(400, str(error)) from None
        sent = self.webhook.parse(content)

        def store() -> int:
            return store_notification(to, sent, now) + take_faults(to, sent.faults, now)

        return retry_while_busy(PATIENCE_TO_STORE_MS, store) > 0

    def _connection(self, practice: str) -> Connection:
        if PRACTICE.fullmatch(practice):
            known = Connection.objects.select_related("practice").filter(
                vendor=self.vendor, practice__external_id=practice, practice__active=True
            )
            if found := known.defer("secret").first():
                return found
        raise Unusable(404, "no such practice")


def receive_from(vendor: Vendor, webhook: Webhook) -> Callable[[HttpRequest, str], HttpResponse]:
    """The view that takes in what a vendor sends to one of our practices."""
    endpoint = WebhookEndpoint(vendor, webhook)

    @csrf_exempt
    @no_append_slash
    def view(request: HttpRequest, practice: str) -> HttpResponse:
        """200 once stored; else a status with a short reason."""
        # Nobody is signed in here: a cookie that was sent along is not looked up.
        request.unattended = True  # type: ignore[attr-defined]
        if request.method != "POST":
            return _refusal(405, "only POST", Allow="POST")
        try:
            is_new = endpoint.receive(request, practice)
        except Unusable as error:
            return _refusal(error.status, error.reason)
        except DatabaseError:
            logger.warning("webhook_not_stored", exc_info=True, extra={"vendor": vendor})
            return _later()
        except Exception:
            # A defect of ours. What we answer with 5xx is sent again, and is not lost that way.
            logger.exception("webhook_failed", extra={"vendor": vendor})
            return _later()
        if is_new:
            _ring()
        return HttpResponse(status=200, content_type="text/plain")

    # For project/web/nul_characters.py: the body is read here, and nowhere before.
    view.reads_raw_body = True  # type: ignore[attr-defined]
    return view


def _ring() -> None:
    """Ring for a worker. A bell that fails changes no answer: the sweeper finds stored messages,
    too.
    """
    try:
        retry_while_busy(PATIENCE_TO_RING_MS, doorbell.ring)
    except Exception:
        logger.warning("bell_not_rung", exc_info=True)


def _later() -> HttpResponse:
    return _refusal(503, "not stored at present: send it again", **{"Retry-After": "30"})


def _refusal(status: int, reason: str, **headers: str) -> HttpResponse:
    return JsonResponse({"error": reason}, status=status, headers=headers)
