"""Both simulated vendors post to Kept over real HTTP; nothing is polled."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Appointment
from integrations.athenahealth.events.topics import TOPICS
from integrations.models import Connection, InboundMessage
from integrations.simulators.athenahealth.subscriptions import IG
from tests.scenarios.clinic import PRACTICE, Clinic
from tests.scenarios.people import the_one

CHART, REMINDERS = "a secret of the chart", "a secret of the reminders"
WAIT_SECONDS = 20


def resource(topic: str, endpoint: str) -> dict[str, Any]:
    """A Subscription as Kept asks for it (contract, section 7)."""
    only = f"ah-practice=Organization/a-1.Practice-{PRACTICE}"
    return {
        "resourceType": "Subscription",
        "meta": {"profile": [f"{IG}backport-subscription"]},
        "status": "requested",
        "end": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "reason": "reminders",
        "criteria": f"https://api.platform.athenahealth.com/fhir/r4/SubscriptionTopic/{topic}",
        "_criteria": {"extension": [{"url": f"{IG}backport-filter-criteria", "valueString": only}]},
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [{"url": f"{IG}backport-payload-content", "valueCode": "id-only"}]
            },
        },
    }


class Post:
    """The vendors' post, on its way to a Kept that listens."""

    def __init__(self, clinic: Clinic, url: str) -> None:
        self.clinic = clinic
        self.url = url
        for vendor, secret in (("athenahealth", CHART), ("relatient", REMINDERS)):
            Connection.objects.filter(vendor=vendor).update(webhook_secret=secret)

    def subscribe(self, secret: str = CHART) -> None:
        endpoint = f"{self.url}/webhooks/athenahealth/{PRACTICE}/"
        simulation = self.clinic.simulator.simulation
        with simulation.lock:
            for topic in TOPICS:
                desk = simulation.athena.subscriptions
                desk.create("kept-demo", resource(topic, endpoint), secret)

    def register(self, **secrets: str) -> None:
        address = f"{self.url}/webhooks/relatient/{PRACTICE}/"
        body = {"url": address, "secret": REMINDERS, **secrets}
        self.clinic.control("relatient/webhook", body)

    def arrived(self) -> dict[str, Any]:
        """Wait until nothing is on its way any more."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            shown = self.clinic.control("deliveries", method="GET")
            if not shown["waiting"] and not shown["unpacked"]:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"still on their way: {shown['waiting']}")


@pytest.fixture
def post(clinic: Clinic, live_server: Any) -> Post:
    return Post(clinic, live_server.url)


@pytest.mark.parametrize("form", ["r4b", "r4"])
@pytest.mark.parametrize("handshake", [True, False])
def test_a_booked_visit_is_enrolled_by_its_event_alone(
    clinic: Clinic, post: Post, form: str, handshake: bool
) -> None:
    clinic.control("settings", {"webhook_form": form, "webhook_handshake": handshake})
    post.subscribe()
    post.arrived()
    patients = [clinic.patient() for _ in range(3)]
    visits = [clinic.book(patient, days=2 + n) for n, patient in enumerate(patients)]
    post.arrived()
    clinic.work()
    assert all(the_one(clinic, visit)["status"] == "active" for visit in visits)
    clinic.control(f"athena/appointments/{visits[0]}/cancel")
    post.arrived()
    clinic.work()
    assert clinic.active(visits[0]) == []
    shown = clinic.control("deliveries", method="GET")
    assert not shown["given_up"]
    assert not InboundMessage.objects.exclude(status="processed").exists()


def test_repeated_and_shuffled_events_end_in_the_same(clinic: Clinic, post: Post) -> None:
    clinic.control(
        "settings",
        {"webhook_duplicate": 1.0, "webhook_shuffle": 1.0, "webhook_hold_seconds": 0.2},
    )
    post.subscribe()
    visits = [clinic.book(clinic.patient(), days=2 + n) for n in range(4)]
    clinic.control(f"athena/appointments/{visits[0]}/cancel")
    post.arrived()
    clinic.work()
    assert clinic.enrollments(visits[0]) == []
    assert all(len(clinic.active(visit)) == 1 for visit in visits[1:])
    kinds = InboundMessage.objects.values_list("kind", "external_id")
    # Four were booked, and one of them was cancelled.
    assert len(set(kinds)) == len(kinds) == 5


def test_an_answer_reaches_the_chart_by_its_event_alone(clinic: Clinic, post: Post) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    post.register(second_secret="the next one")
    clinic.answer(visit, "confirmed")
    post.arrived()
    clinic.work()
    assert Appointment.objects.get(external_id=visit).responses.count() == 1
    assert len(clinic.chart_writes(visit)) == 1
    # The list of events holds it too, and that changes nothing.
    clinic.collect_and_work()
    assert Appointment.objects.get(external_id=visit).responses.count() == 1
    assert len(clinic.chart_writes(visit)) == 1


def test_what_is_refused_comes_again_and_is_taken_in(clinic: Clinic, post: Post) -> None:
    """The secret is wrong at first; the vendor does not give up, and nothing is lost."""
    clinic.control("settings", {"webhook_retry_seconds": 0.2})
    Connection.objects.filter(vendor="athenahealth").update(webhook_secret="a mistyped one")
    post.subscribe()
    visit = clinic.book(clinic.patient())
    until = time.monotonic() + WAIT_SECONDS
    while not any(one["answer"] == "401" for one in _waiting(clinic)):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not InboundMessage.objects.exists()
    Connection.objects.filter(vendor="athenahealth").update(webhook_secret=CHART)
    post.arrived()
    clinic.work()
    assert the_one(clinic, visit)["status"] == "active"


def _waiting(clinic: Clinic) -> list[dict[str, Any]]:
    waiting: list[dict[str, Any]] = clinic.control("deliveries", method="GET")["waiting"]
    return waiting
