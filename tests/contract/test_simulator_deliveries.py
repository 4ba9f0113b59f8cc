"""Webhooks that are not taken: tried again, given up, asked for again."""

import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import Athena, Clock, Relatient
from tests.contract.webhook_callers import (
    SECRET,
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
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with event_app(clock) as client:
        yield client


class TestRetries:
    def test_refusals_are_tried_again_twice_as_late_and_then_given_up(
        self, athena: Athena, clock: Clock, receiver: Receiver
    ) -> None:
        athena.settings(webhook_retry_seconds=600)
        receiver.status = 503
        subscribe(athena, "Patient.create", receiver.url)
        athena.sim("POST", "/athena/patients", {})
        due = []
        for attempt, minutes in enumerate((0, 10, 20), start=1):
            clock.advance(minutes=minutes)
            receiver.wait_for(attempt)
            due.append(self.settled(athena, attempt))
        assert [one["due_at"] for one in due] == [
            "2026-11-30T15:10:00Z",
            "2026-11-30T15:30:00Z",
            "2026-11-30T16:10:00Z",
        ]
        assert [one["state"] for one in due] == ["waiting", "waiting", "given_up"]
        assert due[-1]["answer"] == "503"
        receiver.status = 200
        assert athena.sim("POST", "/deliveries/replay", {})["replayed"] == 1
        wait_until(athena, "delivered", 1)
        assert len({events_of(bundle)[0]["id"] for bundle in receiver.bodies(4)}) == 1
        assert deliveries(athena)["given_up"] == []

    def settled(self, athena: Athena, attempt: int) -> dict[str, Any]:
        """The one delivery, once this attempt is over."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            shown = deliveries(athena)
            for one in shown["waiting"] + shown["given_up"]:
                if one["attempts"] == attempt and one["state"] != "sending":
                    return dict(one)
        raise AssertionError(deliveries(athena))

    def test_an_answer_that_does_not_come_in_two_seconds_is_none(
        self, athena: Athena, receiver: Receiver
    ) -> None:
        released = Event()
        receiver.behave = lambda: released.wait(SECONDS)
        subscribe(athena, "Patient.create", receiver.url)
        began = time.monotonic()
        athena.sim("POST", "/athena/patients", {})
        # The simulation answers while its webhook waits.
        assert wait_until(athena, "waiting", 1)[0]["state"] in ("waiting", "sending")
        one = self.settled(athena, 1)
        assert one["answer"] == "timeout" and time.monotonic() - began > 1.9
        assert receiver.posts == []
        released.set()

    def test_nobody_there(self, athena: Athena, receiver: Receiver) -> None:
        with Receiver() as gone:
            address = gone.url
        subscribe(athena, "Patient.create", address)
        athena.sim("POST", "/athena/patients", {})
        assert self.settled(athena, 1)["answer"] == "ConnectionRefusedError"

    def test_what_was_deleted_is_told_no_more(
        self, athena: Athena, clock: Clock, receiver: Receiver
    ) -> None:
        receiver.status = 500
        made = subscribe(athena, "Patient.create", receiver.url)
        athena.sim("POST", "/athena/patients", {})
        self.settled(athena, 1)
        fhir(athena, "DELETE", f"/Subscription/{made['id']}")
        subscribe(athena, "Patient.update", receiver.url)
        clock.advance(seconds=10)
        patient = athena.sim("POST", "/athena/patients", {})["patientid"]
        athena.sim("POST", f"/athena/patients/{patient}", {"lastname": "Specimen"})
        receiver.wait_for(2)
        assert deliveries(athena)["totals"]["dropped"] == 1 and len(receiver.posts) == 2

    def test_an_outage_of_the_vendor_delays_what_it_tells(
        self, clock: Clock, receiver: Receiver
    ) -> None:
        server = SimulatorServer(scenario="empty", clock=clock)
        with server:
            client = Relatient(server.url)
            client.sim("POST", "/relatient/webhook", {"url": receiver.url, "secret": SECRET})
        with server.simulation.lock:
            server.simulation.relatient.store.emit("enrollment.completed", clock())
        assert receiver.posts == []
        with server:
            assert receiver.bodies(1)[0]["events"][0]["type"] == "enrollment.completed"
