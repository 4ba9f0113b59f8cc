"""Relatient's front door: API key, rate limit, scope, idempotency key, then the handler."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

from werkzeug.wrappers import Request, Response

from ..ledger import Ledger
from ..limits import Window
from ..postbox import Postbox
from ..routing import Match, NoRoute, RouteTable
from ..switches import Switches
from . import enrollments, events, messages, patients
from .call import Call, Reply
from .errors import Refusal
from .idempotency import KeyMemory
from .store import Record, Store
from .webhook import Webhook

VENDOR = "relatient"
PREFIX = "/relatient/v1"
MODULES = [enrollments, events, messages, patients]


class RelatientGateway:
    def __init__(
        self,
        switches: Switches,
        clock: Callable[[], datetime],
        ledger: Ledger,
        postbox: Postbox,
    ) -> None:
        self.switches = switches
        self.clock = clock
        self.ledger = ledger
        self.postbox = postbox
        self.webhook: Webhook | None = None
        self.store = Store(partial(ledger.changed, VENDOR, "enrollment"), self.tell)
        self.keys = KeyMemory()
        self.second = Window(1)
        self.requests = 0
        self.table = RouteTable(PREFIX, [route for module in MODULES for route in module.ROUTES])

    def tell(self, event: Record) -> None:
        if self.webhook is not None:
            self.postbox.add(self.webhook, event)

    def respond(self, request: Request) -> Response:
        self.requests += 1
        request_id = f"req_{self.requests:08d}"
        limit = self.switches.relatient_requests_per_second
        remaining = self.second.take(self.clock(), limit)
        try:
            reply = self.admit(request, remaining)
            response = json_response(reply.status, reply.payload())
        except Refusal as refusal:
            response = json_response(refusal.status, refusal.body(request_id))
            if refusal.status == 429:
                response.headers["Retry-After"] = str(self.second.seconds_left(self.clock()))
        response.headers["X-Request-Id"] = request_id
        response.headers["RateLimit-Remaining"] = str(max(remaining, 0))
        return response

    def admit(self, request: Request, remaining: int) -> Reply:
        """401, 429 and 403 come before an idempotency key is looked at, so they keep nothing."""
        if request.headers.get("Authorization") != f"ApiKey {self.switches.relatient_api_key}":
            raise Refusal("invalid_api_key")
        if remaining < 0:
            raise Refusal("rate_limited")
        try:
            match = self.table.match(request)
        except NoRoute as error:
            raise Refusal("method_not_allowed" if error.status == 405 else "not_found") from None
        if match.route.scope and match.route.scope not in self.switches.relatient_scopes:
            raise Refusal("missing_scope")
        return self.perform(request, match)

    def perform(self, request: Request, match: Match) -> Reply:
        call = Call(self.store, self.switches, request, self.clock())

        def handle() -> Reply:
            reply: Reply = match.route.handler(call, **match.arguments)
            return reply

        with self.ledger.call():
            reply = self.keys.perform(request, call.now, handle) if match.route.keyed else handle()
            if request.method != "GET" and reply.changed:
                self.ledger.record(
                    call.now,
                    VENDOR,
                    request.method,
                    match.template,
                    match.arguments | call.subjects,
                    request.headers.get("Idempotency-Key"),
                    call.body,
                )
        return reply


def json_response(status: int, payload: object) -> Response:
    return Response(json.dumps(payload), status, mimetype="application/json")
