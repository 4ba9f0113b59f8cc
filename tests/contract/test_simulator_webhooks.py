"""What both simulated vendors tell by webhook, over real HTTP to a small receiving server."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.simulator_callers import Athena, Clock, Relatient
from tests.contract.webhook_callers import (
    SECRET,
    TOPICS,
    deliveries,
    event_app,
    fhir,
    subscribe,
    wait_until,
)
from tests.contract.webhook_receiver import (
    SECONDS,
    Receiver,
    events_of,
    subjects_of,
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with event_app(clock) as client:
        yield client


@pytest.fixture
def relatient(athena: Athena) -> Relatient:
    return Relatient(athena.url)


class TestNotifications:
    def test_a_signed_bundle_of_an_appointment(self, athena: Athena, receiver: Receiver) -> None:
        made = subscribe(athena, "Appointment.schedule", receiver.url)
        id = athena.book()
        headers, body = receiver.wait_for(1)[0]
        mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature"] == f"sha256={mark}"
        assert headers["Content-Type"] == "application/fhir+json"
        bundle = receiver.bodies(1)[0]
        assert (bundle["type"], bundle["timestamp"]) == ("history", "2026-11-30T15:00:00.000+00:00")
        status, audit = (entry["resource"] for entry in bundle["entry"])
        assert status["resourceType"] == "SubscriptionStatus"
        assert status["type"] == "event-notification"
        assert status["subscription"]["reference"] == f"Subscription/{made['id']}"
        assert (status["eventsSinceSubscriptionStart"], status["eventsInNotification"]) == ("1", 1)
        (event,) = status["notificationEvent"]
        system = "urn:athenahealth:athenanet:appointment:195900"
        assert event["focus"] == {"identifier": {"system": system, "value": id}}
        assert (audit["id"], audit["type"]["code"]) == (event["id"], "Appointment.schedule")
        assert audit["source"]["observer"]["reference"] == "Organization/a-1.Practice-195900"
        assert {entry["request"]["url"] for entry in bundle["entry"]} == {
            f"Subscription/{made['id']}/$status"
        }

    def test_a_patient_is_also_referred_to(self, athena: Athena, receiver: Receiver) -> None:
        subscribe(athena, "Patient.create", receiver.url)
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        (event,) = events_of(receiver.bodies(1)[0])
        assert event["focus"]["reference"] == f"Patient/a-195900.E-{patient}"
        assert event["focus"]["identifier"]["value"] == patient

    def test_the_r4_form(self, athena: Athena, receiver: Receiver) -> None:
        athena.settings(webhook_form="r4")
        subscribe(athena, "Appointment.schedule", receiver.url)
        id = athena.book()
        status, audit = (entry["resource"] for entry in receiver.bodies(1)[0]["entry"])
        assert status["resourceType"] == "Parameters"
        by_name = {one["name"]: one for one in status["parameter"]}
        assert by_name["type"]["valueCode"] == "event-notification"
        event = by_name["notification-event"]
        focus = next(part for part in event["part"] if part["name"] == "focus")
        assert focus["valueReference"]["identifier"]["value"] == id
        assert event["id"] == audit["id"]

    def test_what_happens_in_the_chart_and_under_which_topic(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        for topic in TOPICS:
            subscribe(athena, topic, receiver.url)
        athena.settings(webhook_batch=1)
        gone = athena.sim("POST", "/athena/patients", {})["patientid"]
        stays = athena.sim("POST", "/athena/patients", {})["patientid"]
        id = athena.book(patientid=stays)
        athena.sim("POST", f"/athena/patients/{gone}/merge", {"into": stays})
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="2")
        moved = {"starts_at": "2026-12-05T15:00:00Z"}
        new = athena.sim("POST", f"/athena/appointments/{id}/reschedule", moved)["newappointmentid"]
        athena.sim("POST", f"/athena/appointments/{new}/checkin", {})
        athena.sim("POST", f"/athena/appointments/{new}/checkout", {})
        leaving = athena.sim("POST", "/athena/patients", {})["patientid"]
        athena.sim("POST", f"/athena/patients/{leaving}/delete", {})
        told = [
            (bundle["entry"][1]["resource"]["type"]["code"], subjects_of([bundle])[0])
            for bundle in receiver.bodies(12)
        ]
        # book() makes a patient of its own.
        assert sorted(told) == sorted(
            [
                ("Patient.create", gone),
                ("Patient.create", stays),
                ("Patient.create", str(int(stays) + 1)),
                ("Appointment.schedule", id),
                ("Patient.merge", stays),
                ("Appointment.update", id),
                ("Appointment.schedule", new),
                ("Appointment.reschedule", id),
                ("Appointment.check-in", new),
                ("Appointment.check-out", new),
                ("Patient.create", leaving),
                ("Patient.delete", leaving),
            ]
        )

    def test_our_own_confirmation_is_told_only_if_it_echoes(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        subscribe(athena, "Appointment.update", receiver.url)
        first, second = athena.book(), athena.book()
        athena.settings(confirmation_echo=False)
        athena.put(f"/appointments/{first}/confirmationstatus", appointmentconfirmationid="2")
        athena.settings(confirmation_echo=True)
        athena.put(f"/appointments/{second}/confirmationstatus", appointmentconfirmationid="2")
        assert subjects_of(receiver.bodies(1)) == [second]
        agent = receiver.bodies(1)[0]["entry"][1]["resource"]["agent"][0]
        assert agent["who"]["identifier"]["value"].startswith("API-")

    def test_batches_count_within_the_bundle(
        self, athena: Athena, clock: Clock, receiver: Receiver
    ) -> None:
        athena.settings(webhook_batch=3, webhook_hold_seconds=30)
        subscribe(athena, "Patient.create", receiver.url)
        made = [athena.sim("POST", "/athena/patients", {})["patientid"] for _ in range(4)]
        full = receiver.bodies(1)[0]["entry"][0]["resource"]
        assert (full["eventsSinceSubscriptionStart"], full["eventsInNotification"]) == ("3", 3)
        assert [one["eventNumber"] for one in full["notificationEvent"]] == ["1", "2", "3"]
        assert deliveries(athena)["unpacked"] == 1
        clock.advance(seconds=31)
        bundles = receiver.bodies(2)
        assert bundles[1]["entry"][0]["resource"]["eventsSinceSubscriptionStart"] == "1"
        assert subjects_of(bundles) == made

    def test_duplicates_and_disorder(self, athena: Athena, receiver: Receiver) -> None:
        athena.settings(webhook_batch=4, webhook_hold_seconds=30)
        athena.settings(webhook_duplicate=True, webhook_shuffle=True)
        subscribe(athena, "Patient.create", receiver.url)
        made = [athena.sim("POST", "/athena/patients", {})["patientid"] for _ in range(16)]
        deadline = time.monotonic() + SECONDS
        while len(told := subjects_of(receiver.bodies(4))) < 32 and time.monotonic() < deadline:
            receiver.wait_for(len(receiver.posts))
        assert sorted(told) == sorted(made * 2)
        assert list(dict.fromkeys(told)) != made
        ids = {event["id"] for bundle in receiver.bodies(4) for event in events_of(bundle)}
        assert len(ids) == 16

    def test_two_subscriptions_tell_one_event_under_one_id(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        for _ in range(2):
            subscribe(athena, "Patient.create", receiver.url)
        athena.sim("POST", "/athena/patients", {})
        first, second = (events_of(bundle)[0]["id"] for bundle in receiver.bodies(2))
        assert first == second

    def test_a_handshake_comes_before_anything_is_told(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        athena.settings(webhook_handshake=True)
        receiver.status = 500
        made = subscribe(athena, "Patient.create", receiver.url)
        assert made["status"] == "requested"
        status = receiver.bodies(1)[0]["entry"][0]["resource"]
        assert (status["type"], status["status"]) == ("handshake", "requested")
        assert status["eventsSinceSubscriptionStart"] == "0" and "notificationEvent" not in status
        athena.sim("POST", "/athena/patients", {})
        receiver.status = 204
        athena.clock.advance(seconds=6)
        wait_until(athena, "delivered", 1)
        assert fhir(athena, "GET", f"/Subscription/{made['id']}").json()["status"] == "active"
        later = athena.sim("POST", "/athena/patients", {})["patientid"]
        assert subjects_of(receiver.bodies(3)) == [later]


class TestRelatient:
    def register(self, relatient: Relatient, receiver: Receiver, **more: str) -> None:
        relatient.sim("POST", "/relatient/webhook", {"url": receiver.url, "secret": SECRET} | more)

    def answered(self, relatient: Relatient) -> dict[str, Any]:
        enrollment = relatient.enroll(relatient.patient()).json()["id"]
        body = {"enrollment_id": enrollment, "type": "confirmed", "text": "C"}
        return dict(relatient.sim("POST", "/relatient/answer", body))

    def test_the_same_events_as_the_log_signed_with_a_time(
        self, relatient: Relatient, receiver: Receiver, clock: Clock
    ) -> None:
        self.register(relatient, receiver)
        event = self.answered(relatient)
        headers, body = receiver.wait_for(1)[0]
        seconds = int(clock().timestamp())
        mark = hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["Relatient-Signature"] == f"t={seconds},v1={mark}"
        assert receiver.bodies(1) == [{"events": [event]}]
        assert relatient.get("/events")["events"] == [event]

    def test_two_signatures_while_a_secret_is_rotated(
        self, relatient: Relatient, receiver: Receiver
    ) -> None:
        self.register(relatient, receiver, second_secret="the-old-one")
        self.answered(relatient)
        signed = receiver.wait_for(1)[0][0]["Relatient-Signature"].split(",")
        assert [part[:3] for part in signed] == ["t=1", "v1=", "v1="]
        assert signed[1] != signed[2]

    def test_it_is_tried_for_a_day_with_pauses_of_an_hour_at_most(
        self, relatient: Relatient, receiver: Receiver, clock: Clock
    ) -> None:
        relatient.settings(webhook_retry_seconds=1800)
        receiver.status = 302
        self.register(relatient, receiver)
        self.answered(relatient)
        for attempt in range(1, 25):
            receiver.wait_for(attempt)
            while any(
                one["state"] == "sending" for one in relatient.sim("GET", "/deliveries")["waiting"]
            ):
                continue
            clock.advance(minutes=60)
        receiver.wait_for(25)
        receiver.status = 200
        (given_up,) = self.lists(relatient, "given_up")
        assert given_up["attempts"] == 25 and given_up["answer"] == "302"

    def lists(self, relatient: Relatient, name: str) -> list[dict[str, Any]]:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if found := relatient.sim("GET", "/deliveries")[name]:
                return list(found)
        raise AssertionError(name)

    def test_an_event_told_twice_keeps_its_id(
        self, relatient: Relatient, receiver: Receiver
    ) -> None:
        self.register(relatient, receiver)
        event = self.answered(relatient)
        receiver.wait_for(1)
        relatient.sim("POST", f"/relatient/events/{event['id']}/duplicate", {})
        told = [one for body in receiver.bodies(2) for one in body["events"]]
        assert [(one["id"], one["seq"]) for one in told] == [(event["id"], 1), (event["id"], 2)]

    def test_nobody_is_told_once_it_is_unregistered(
        self, relatient: Relatient, receiver: Receiver
    ) -> None:
        self.register(relatient, receiver)
        relatient.sim("DELETE", "/relatient/webhook")
        self.answered(relatient)
        assert relatient.sim("GET", "/deliveries")["waiting"] == [] and receiver.posts == []
