"""The FHIR part of athenahealth that is about events: /fhir/r4/Subscription and SubscriptionTopic.

Errors are OperationOutcomes. A token serves only the scopes that its request named.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from ..ledger import Ledger
from ..routing import NoRoute, Route, RouteTable
from .notifications import EVENTS, Notice, as_status, uuid_of
from .subscriptions import Subscription, SubscriptionDesk, Unacceptable
from .topics import DESCRIPTIONS

PREFIX = "/fhir/r4"
TOPIC_READ = "system/SubscriptionTopic.read"
READ = "system/Subscription.read"
WRITE = "system/Subscription.write"
Json = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.code = code


@dataclass
class FhirCall:
    desk: SubscriptionDesk
    request: Request
    client_id: str
    now: datetime

    @property
    def base(self) -> str:
        return self.request.host_url.rstrip("/") + PREFIX

    def subscription(self, id: str) -> Subscription:
        found = self.desk.find(self.client_id, id)
        if found is None:
            raise Refused(404, "not-found", "no such Subscription")
        return found


class FhirDoor:
    def __init__(
        self, desk: SubscriptionDesk, clock: Callable[[], datetime], ledger: Ledger
    ) -> None:
        self.desk = desk
        self.clock = clock
        self.ledger = ledger
        self.table = RouteTable(PREFIX, ROUTES)

    def respond(self, request: Request, client_id: str, scopes: set[str]) -> Response:
        try:
            match = self.table.match(request)
            if match.route.scope not in scopes:
                raise Refused(403, "forbidden", f"the token lacks the scope {match.route.scope}")
            call = FhirCall(self.desk, request, client_id, self.clock())
            response: Response = match.route.handler(call, **match.arguments)
        except NoRoute as error:
            return outcome(error.status, "not-supported", "no such interaction")
        except Refused as refusal:
            return outcome(refusal.status, refusal.code, str(refusal))
        if request.method != "GET":
            self.book(call, match.template, match.arguments, response)
        return response

    def book(self, call: FhirCall, template: str, arguments: Json, response: Response) -> None:
        body = call.request.get_json(silent=True, force=True)
        location = response.headers.get("Location", "")
        subjects = arguments | ({"id": location.rpartition("/")[2]} if location else {})
        method = call.request.method
        self.ledger.record(call.now, "athenahealth", method, template, subjects, body=body)


def topics(call: FhirCall) -> Response:
    rows = [
        (
            f"{call.base}/SubscriptionTopic/{id}",
            {
                "resourceType": "SubscriptionTopic",
                "id": id,
                "description": description,
                "status": "active",
                "experimental": False,
            },
        )
        for id, description in DESCRIPTIONS.items()
    ]
    return searchset(call, rows)


def create(call: FhirCall) -> Response:
    body = call.request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise Refused(400, "structure", "the body is not a JSON object")
    try:
        made = call.desk.create(call.client_id, body, call.request.headers.get("X-Hub-Secret", ""))
    except Unacceptable as problem:
        status = 403 if problem.code == "forbidden" else 400
        raise Refused(status, problem.code, str(problem)) from None
    response = fhir_json(201, made.shown(call.now))
    response.headers["Location"] = f"{call.base}/Subscription/{made.id}"
    return response


def list_all(call: FhirCall) -> Response:
    rows = [
        (f"{call.base}/Subscription/{one.id}", one.shown(call.now))
        for one in call.desk.of(call.client_id)
    ]
    return searchset(call, rows)


def read_one(call: FhirCall, id: str) -> Response:
    return fhir_json(200, call.subscription(id).shown(call.now))


def read_status(call: FhirCall, id: str) -> Response:
    """A Bundle that holds a SubscriptionStatus, as the Backport guide's operation answers."""
    one = call.subscription(id)
    status = one.status_at(call.now)
    number = call.desk.postbox.totals["attempts"]
    kind = "handshake" if status == "requested" else EVENTS
    notice = Notice(
        one.id, one.resource["criteria"], kind, status, one.practice_id, number, call.now
    )
    resource = as_status(notice, []) | {"type": "query-status"}
    return searchset(call, [(f"urn:uuid:{resource['id']}", resource)])


def delete(call: FhirCall, id: str) -> Response:
    call.desk.delete(call.subscription(id))
    return Response(status=204)


def searchset(call: FhirCall, rows: list[tuple[str, Json]]) -> Response:
    """One page: `_count` and `cursor`, as athenahealth's other searches have them."""
    given = call.request.args
    count, cursor = (given.get(name, "") for name in ("_count", "cursor"))
    start = int(cursor) if cursor.isdigit() else 0
    end = start + int(count) if count.isdigit() and int(count) else len(rows)
    payload: Json = {
        "resourceType": "Bundle",
        "id": uuid_of("searchset", call.now.isoformat()),
        "type": "searchset",
        "total": len(rows),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in rows[start:end]],
    }
    if end < len(rows):
        address = f"{call.request.base_url}?_count={count}&cursor={end}"
        payload["link"] = [{"relation": "next", "url": address}]
    return fhir_json(200, payload)


def outcome(status: int, code: str, diagnostics: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return fhir_json(status, {"resourceType": "OperationOutcome", "issue": [issue]})


def fhir_json(status: int, payload: Json) -> Response:
    return Response(json.dumps(payload), status, mimetype="application/fhir+json")


ROUTES = [
    Route("GET", "/SubscriptionTopic", topics, TOPIC_READ),
    Route("POST", "/Subscription", create, WRITE),
    Route("GET", "/Subscription", list_all, READ),
    Route("GET", "/Subscription/<id>", read_one, READ),
    Route("GET", "/Subscription/<id>/$status", read_status, READ),
    Route("DELETE", "/Subscription/<id>", delete, WRITE),
]
