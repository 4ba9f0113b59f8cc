"""An app that subscribes to athenahealth's events, and what the simulators tell of webhooks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import Athena, Clock
from tests.contract.webhook_receiver import EVENT_SCOPE, SECONDS, subscription

SECRET = "invented-webhook-secret"
TOPICS = [
    *("Appointment.schedule", "Appointment.update", "Appointment.reschedule"),
    *("Appointment.cancel", "Appointment.check-in", "Appointment.check-out"),
    *("Patient.create", "Patient.update", "Patient.merge", "Patient.delete"),
]


@contextmanager
def event_app(clock: Clock) -> Iterator[Athena]:
    """A server of its own, and an app with the scopes of the event platform."""
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        sign_in_for_events(client)
        yield client


def sign_in_for_events(athena: Athena) -> None:
    token = athena.token(scope=EVENT_SCOPE).json()["access_token"]
    athena.headers = {"Authorization": f"Bearer {token}"}


def fhir(athena: Athena, method: str, path: str, body: Any = None, **headers: str) -> Any:
    address = f"{athena.url}/fhir/r4{path}"
    return requests.request(
        method, address, json=body, headers=athena.headers | headers, timeout=SECONDS
    )


def subscribe(athena: Athena, topic: str, endpoint: str, **fields: Any) -> dict[str, Any]:
    body = subscription(topic, endpoint, **fields)
    answer = fhir(athena, "POST", "/Subscription", body, **{"X-Hub-Secret": SECRET})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliveries(athena: Athena) -> dict[str, Any]:
    return dict(athena.sim("GET", "/deliveries"))


def wait_until(athena: Athena, name: str, number: int) -> list[dict[str, Any]]:
    """The deliveries of this list, as soon as there are so many."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if len(found := deliveries(athena)[name]) >= number:
            return list(found)
    raise AssertionError(deliveries(athena))
