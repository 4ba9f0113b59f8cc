"""athenahealth's front door: routes, token, limits, then the handler, and the reply's headers."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from werkzeug.wrappers import Request, Response

from ..ledger import Ledger
from ..limits import Window
from ..postbox import Postbox
from ..routing import Match, NoRoute, RouteTable
from ..switches import Switches
from . import appointments, booking, changes, notes, patientcases, patients, reference, visit
from .call import Call
from .chart import Chart
from .encoding import encode
from .errors import AthenaError, SoftFailure
from .feed import FeedDesk
from .fhir import PREFIX as FHIR
from .fhir import FhirDoor
from .parameters import Parameters
from .replies import GATEWAY_NOT_FOUND, error_reply, json_reply, text_reply, throttled, unauthorized
from .subscriptions import SubscriptionDesk
from .tokens import ApiKey, TokenDesk

VENDOR = "athenahealth"
TOKEN_PATH = "/oauth2/v1/token"
MODULES = [appointments, booking, changes, notes, patientcases, patients, reference, visit]


class AthenaGateway:
    def __init__(
        self,
        practice_id: str,
        switches: Switches,
        clock: Callable[[], datetime],
        ledger: Ledger,
        postbox: Postbox,
    ) -> None:
        self.switches = switches
        self.clock = clock
        self.ledger = ledger
        self.feeds = FeedDesk()
        self.tokens = TokenDesk(switches, clock)
        self.chart = Chart(
            practice_id, self.publish, partial(ledger.changed, VENDOR, "appointment")
        )
        self.subscriptions = SubscriptionDesk(practice_id, switches, clock, postbox)
        self.fhir = FhirDoor(self.subscriptions, clock, ledger)
        self.table = RouteTable(
            "/v1/<practiceid>", [route for module in MODULES for route in module.ROUTES]
        )
        self.second = Window(1)
        # The daily quota starts again at midnight GMT.
        self.day = Window(86_400)
        self.requests = 0

    def publish(self, name: str, event: str, subject: str, by: str) -> None:
        row = (self.chart.appointments if name == "appointments" else self.chart.patients)[subject]
        self.feeds.publish(
            name,
            event,
            subject,
            row.get("departmentid", ""),
            self.clock(),
            self.switches.feed_collapse,
        )
        self.subscriptions.publish(event, subject, row, by)

    def respond(self, request: Request) -> Response:
        self.requests += 1
        if request.path == TOKEN_PATH and request.method == "POST":
            response = self.tokens.respond(request)
        else:
            response = self.respond_to_call(request)
        response.headers["x-request-id"] = request.headers.get(
            "X-Request-Id", f"rrt-{self.requests:010d}"
        )
        return response

    def respond_to_call(self, request: Request) -> Response:
        is_fhir = request.path.startswith(FHIR)
        try:
            match = None if is_fhir else self.table.match(request)
        except NoRoute:
            # PATCH ends here as well: it exists nowhere.
            return text_reply(404, GATEWAY_NOT_FOUND)
        token = bearer(request)
        key = self.tokens.holder(token or "")
        if key is None:
            return unauthorized(bool(token))
        remaining = self.day.take(self.clock(), self.switches.athena_daily_quota)
        response = (
            throttled(self.switches.athena_throttle)
            if remaining < 0 or self.too_fast()
            else self.perform(request, match, key)
            if match
            else self.fhir.respond(request, key.client_id, self.tokens.scopes(token or ""))
        )
        response.headers["x-ratelimit-limit"] = str(self.switches.athena_daily_quota)
        response.headers["x-ratelimit-remaining"] = str(max(remaining, 0))
        return response

    def too_fast(self) -> bool:
        limit = self.switches.athena_requests_per_second
        return limit > 0 and self.second.take(self.clock(), limit) < 0

    def perform(self, request: Request, match: Match, key: ApiKey) -> Response:
        arguments = dict(match.arguments)
        if arguments.pop("practiceid") != self.chart.practice_id:
            return error_reply(400, {"error": "Invalid practice."})
        call = Call(
            self.chart,
            self.feeds,
            self.switches,
            key,
            Parameters(request),
            request.path,
            self.clock(),
            dict(arguments),
        )
        with self.ledger.call():
            try:
                payload = match.route.handler(call, **arguments)
            except AthenaError as error:
                return error_reply(error.status, error.body)
            except SoftFailure as refusal:
                return json_reply(200, encode(refusal.payload, key.proper_json))
            if request.method != "GET":
                self.ledger.record(
                    call.now,
                    VENDOR,
                    request.method,
                    match.template,
                    call.subjects,
                    body=call.parameters.as_body(),
                )
        return json_reply(200, encode(payload, key.proper_json))


def bearer(request: Request) -> str | None:
    given = request.authorization
    return given.token if given and given.type == "bearer" else None
