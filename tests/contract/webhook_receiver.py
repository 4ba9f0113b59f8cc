"""A small server that is told things by webhook, and what an app sends to be told."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

IG = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
EVENT_SCOPE = (
    "athena/service/Athenanet.MDP.* "
    "system/SubscriptionTopic.read system/Subscription.read system/Subscription.write"
)
SECONDS = 30


class Receiver:
    """Keeps every POST as (headers, raw body); answers with `status`, or as `behave` does."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.behave: Callable[[], object] = lambda: None
        self.changed = Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def took(self, headers: dict[str, str], body: bytes) -> None:
        with self.changed:
            self.posts.append((headers, body))
            self.changed.notify_all()

    def wait_for(self, number: int) -> list[tuple[dict[str, str], bytes]]:
        """As many POSTs; fails when they do not come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.posts) >= number, SECONDS), (
                f"{len(self.posts)} POSTs of {number}"
            )
            return list(self.posts)

    def bodies(self, number: int) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.wait_for(number)]


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.behave()
            receiver.took(dict(self.headers), body)
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            """Quiet."""

    return Handler


def subscription(topic: str, endpoint: str, **fields: Any) -> dict[str, Any]:
    """What POST /fhir/r4/Subscription takes."""
    practice = "ah-practice=Organization/a-1.Practice-195900"
    base = "https://api.platform.athenahealth.com/fhir/r4/SubscriptionTopic"
    content = {"url": f"{IG}backport-payload-content", "valueCode": "id-only"}
    return {
        "resourceType": "Subscription",
        "meta": {"profile": [f"{IG}backport-subscription"]},
        "status": "requested",
        "end": "2026-12-30T15:00:00Z",
        "reason": "test",
        "criteria": f"{base}/{topic}",
        "_criteria": {
            "extension": [{"url": f"{IG}backport-filter-criteria", "valueString": practice}]
        },
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
        },
    } | fields


def events_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The notification events of a Bundle in the R4B form."""
    return list(bundle["entry"][0]["resource"].get("notificationEvent", []))


def subjects_of(bundles: list[dict[str, Any]]) -> list[str]:
    return [
        event["focus"]["identifier"]["value"] for bundle in bundles for event in events_of(bundle)
    ]
