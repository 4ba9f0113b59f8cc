"""athenahealth's event subscriptions, as an app makes and keeps them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.contract.simulator_callers import Athena, Clock
from tests.contract.webhook_callers import (
    SECRET,
    TOPICS,
    deliveries,
    event_app,
    fhir,
    sign_in_for_events,
    subscribe,
    wait_until,
)
from tests.contract.webhook_receiver import (
    EVENT_SCOPE,
    Receiver,
    subscription,
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with event_app(clock) as client:
        yield client


class TestManagement:
    def test_created_listed_read_and_deleted(self, athena: Athena) -> None:
        body = subscription("Appointment.cancel", "http://127.0.0.1:9/hook")
        answer = fhir(athena, "POST", "/Subscription", body, **{"X-Hub-Secret": SECRET})
        made = answer.json()
        assert (answer.status_code, made["status"], made["end"]) == (201, "active", body["end"])
        assert answer.headers["Location"] == f"{athena.url}/fhir/r4/Subscription/{made['id']}"
        assert SECRET not in answer.text
        assert fhir(athena, "GET", f"/Subscription/{made['id']}").json() == made
        listed = fhir(athena, "GET", "/Subscription").json()
        assert (listed["type"], listed["total"]) == ("searchset", 1)
        assert listed["entry"][0]["resource"] == made
        status = fhir(athena, "GET", f"/Subscription/{made['id']}/$status").json()
        assert status["entry"][0]["resource"]["status"] == "active"
        assert fhir(athena, "DELETE", f"/Subscription/{made['id']}").status_code == 204
        gone = fhir(athena, "GET", f"/Subscription/{made['id']}")
        assert (gone.status_code, gone.json()["resourceType"]) == (404, "OperationOutcome")

    def test_a_long_list_comes_in_pages(self, athena: Athena) -> None:
        for topic in TOPICS[:3]:
            subscribe(athena, topic, "http://127.0.0.1:9/hook")
        first = fhir(athena, "GET", "/Subscription?_count=2").json()
        assert len(first["entry"]) == 2
        following = requests.get(first["link"][0]["url"], headers=athena.headers).json()
        assert len(following["entry"]) == 1 and "link" not in following

    def test_topics_are_listed(self, athena: Athena) -> None:
        listed = fhir(athena, "GET", "/SubscriptionTopic").json()["entry"]
        assert set(TOPICS) <= {one["resource"]["id"] for one in listed}

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"status": "active"}, 400),
            ({"resourceType": "Bundle"}, 400),
            ({"meta": {}}, 400),
            ({"end": "soon"}, 400),
            ({"end": "2026-11-01T00:00:00Z"}, 400),
            ({"criteria": "https://x/SubscriptionTopic/Appointment.create"}, 400),
            ({"_criteria": {"extension": []}}, 400),
            ({"channel": {"type": "websocket"}}, 400),
        ],
    )
    def test_what_is_no_such_subscription_is_refused(
        self, athena: Athena, fields: dict[str, Any], status: int
    ) -> None:
        body = subscription("Appointment.cancel", "http://127.0.0.1:9/hook", **fields)
        answer = fhir(athena, "POST", "/Subscription", body)
        assert answer.status_code == status
        assert answer.json()["issue"][0]["severity"] == "error"

    def test_another_practice_and_a_plain_address_are_refused(self, athena: Athena) -> None:
        body = subscription("Appointment.cancel", "http://127.0.0.1:9/hook")
        body["_criteria"]["extension"][0]["valueString"] = "ah-practice=Organization/a-1.Practice-1"
        assert fhir(athena, "POST", "/Subscription", body).status_code == 403
        body = subscription("Appointment.cancel", "http://example.org/hook")
        assert fhir(athena, "POST", "/Subscription", body).status_code == 400
        body = subscription("Appointment.cancel", "https://example.org/hook")
        assert fhir(athena, "POST", "/Subscription", body).status_code == 201

    def test_scopes(self, athena: Athena) -> None:
        athena.sign_in()
        answer = fhir(athena, "GET", "/Subscription")
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (403, "forbidden")
        athena.settings(event_scopes=False)
        refused = athena.token(scope=EVENT_SCOPE)
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_scope"})
        assert athena.token().status_code == 200
        athena.headers = {}
        assert fhir(athena, "GET", "/Subscription").status_code == 401

    def test_past_its_end_it_is_off_and_tells_nothing(
        self, athena: Athena, clock: Clock, receiver: Receiver
    ) -> None:
        ended = subscribe(athena, "Patient.create", receiver.url, end="2026-11-30T15:30:00Z")
        going = subscribe(athena, "Patient.create", receiver.url)
        clock.advance(hours=1)
        athena.sim("POST", "/athena/patients", {})
        bundle = receiver.bodies(1)[0]
        assert bundle["entry"][0]["resource"]["subscription"]["reference"].endswith(going["id"])
        wait_until(athena, "delivered", 1)
        assert deliveries(athena)["waiting"] == [] and len(receiver.posts) == 1
        assert fhir(athena, "GET", f"/Subscription/{ended['id']}").status_code == 401
        sign_in_for_events(athena)
        assert fhir(athena, "GET", f"/Subscription/{ended['id']}").json()["status"] == "off"

    def test_one_that_is_silenced_says_it_is_active(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        silent = subscribe(athena, "Patient.create", receiver.url)
        subscribe(athena, "Patient.update", receiver.url)
        athena.sim("POST", f"/athena/subscriptions/{silent['id']}/silence", {})
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        athena.sim("POST", f"/athena/patients/{patient}", {"lastname": "Specimen"})
        topic = receiver.bodies(1)[0]["entry"][0]["resource"]["topic"]
        assert topic.endswith("Patient.update") and len(receiver.posts) == 1
        shown = fhir(athena, "GET", f"/Subscription/{silent['id']}").json()
        assert shown["status"] == "active"
