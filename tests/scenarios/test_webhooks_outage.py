"""Events while athenahealth is away: they wait, use up no attempt, and hold up no others."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.models import Appointment
from integrations.inbox import process
from integrations.inbox.claim import SPEAK_FOR_ALL
from integrations.models import Connection, InboundMessage, RequestBudget
from integrations.transport import rate_limit
from tests.scenarios.bell import READ_VISIT, Bell, listen, post, reads, wake
from tests.scenarios.clinic import Clinic


@pytest.fixture
def bell(clinic: Clinic) -> Bell:
    listen()
    return Bell()


@pytest.fixture
def visit(clinic: Clinic) -> str:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    return visit


def test_it_is_taken_in_later(clinic: Clinic, bell: Bell, visit: str) -> None:
    fresh = clinic.book(clinic.patient(), days=3)
    clinic.fault(kind="status", status=503, path="/v1/.*/appointments/", times=1000)
    bell.tell("Appointment.schedule", fresh)
    for _ in range(7):
        wake()
        clinic.work()
    (waiting,) = InboundMessage.objects.filter(status="stored")
    assert waiting.attempts == 0
    assert waiting.problem.startswith("athenahealth")
    clinic.control("faults", method="DELETE")
    Connection.objects.update(opened_at=None, probe_at=None, failures=0)
    wake()
    clinic.work()
    assert len(clinic.active(fresh)) == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.problem, waiting.attempts) == ("processed", "", 1)


def test_a_few_events_ask_for_all(clinic: Clinic, bell: Bell, visit: str) -> None:
    clinic.fault(kind="status", status=503, path="/v1/.*/appointments/", times=1000)
    before = reads(READ_VISIT)
    bell.tell("Appointment.update", *["900000" + str(n) for n in range(20)])
    for _ in range(3):
        with acting_as(process="test"):
            process.process_stored([clinic.practice])
    assert reads(READ_VISIT) == before + SPEAK_FOR_ALL


def test_a_record_that_athenahealth_fails_at_holds_up_no_other(
    clinic: Clinic, bell: Bell, visit: str
) -> None:
    clinic.fault(kind="status", status=500, path="/v1/.*/appointments/900001", times=1000)
    bell.tell("Appointment.update", "900001")
    for days in (3, 4):
        with acting_as(process="test"):
            process.process_stored([clinic.practice])
        fresh = clinic.book(clinic.patient(), days=days)
        bell.tell("Appointment.schedule", fresh)
        clinic.work()
        assert len(clinic.active(fresh)) == 1
        # Its rest is over; that of the next one would hold the others up again.
        wake()
    (waiting,) = InboundMessage.objects.filter(status="stored")
    assert waiting.attempts == 0


def test_those_that_failed_before_come_last(clinic: Clinic, bell: Bell, visit: str) -> None:
    names = [f"90000{number}" for number in range(SPEAK_FOR_ALL)]
    clinic.fault(kind="status", status=500, path="/v1/.*/appointments/90000", times=1000)
    bell.tell("Appointment.update", *names)
    with acting_as(process="test"):
        process.process_stored([clinic.practice])
    assert InboundMessage.objects.exclude(problem="").count() == SPEAK_FOR_ALL
    fresh = clinic.book(clinic.patient(), days=3)
    bell.tell("Appointment.schedule", fresh)
    wake()
    clinic.work()
    assert len(clinic.active(fresh)) == 1


def test_answers_of_patients_go_on(clinic: Clinic, bell: Bell, visit: str) -> None:
    clinic.fault(kind="status", status=503, path="/v1/.*/appointments/9", times=1000)
    bell.tell("Appointment.update", "900001")
    event = clinic.answer(visit, "confirmed")
    listed = requests.get(
        f"{clinic.url}/relatient/v1/events",
        headers={"Authorization": "ApiKey demo-relatient-key"},
        timeout=10,
    ).json()["events"]
    assert event["id"] in [one["id"] for one in listed]
    post("relatient", {"events": listed})
    clinic.work()
    assert Appointment.objects.get(external_id=visit).responses.count() == 1
    clinic.collect_and_work()
    assert Appointment.objects.get(external_id=visit).responses.count() == 1


def test_the_pause_that_is_asked_for_is_kept(clinic: Clinic, bell: Bell, visit: str) -> None:
    clinic.fault(
        kind="status", status=429, path="/v1/.*/appointments/", headers={"Retry-After": "900"}
    )
    bell.tell("Appointment.update", visit)
    clinic.work()
    (waiting,) = InboundMessage.objects.filter(status="stored")
    assert waiting.lease_until is not None
    assert waiting.lease_until > database_now() + timedelta(seconds=800)


def test_a_paused_connection_asks_nothing(clinic: Clinic, bell: Bell, visit: str) -> None:
    Connection.objects.filter(vendor="athenahealth").update(
        paused_at=database_now(), paused_by="vera"
    )
    before = reads(READ_VISIT)
    bell.tell("Appointment.update", visit)
    clinic.work()
    (waiting,) = InboundMessage.objects.filter(status="stored")
    assert (waiting.attempts, reads(READ_VISIT)) == (0, before)
    clinic.resume("athenahealth")
    wake()
    clinic.work()
    assert not InboundMessage.objects.filter(status="stored").exists()


def test_bulk_work_that_meets_an_event_does_not_put_it_off(
    clinic: Clinic, bell: Bell, visit: str
) -> None:
    """The last tenth of the day's calls is for patients, and so for what is told of them."""
    clinic.control(f"athena/appointments/{visit}/cancel")
    bell.tell("Appointment.cancel", visit)
    RequestBudget.objects.filter(quota_limit__isnull=False).update(quota_remaining=1)
    rate_limit._heard.clear()
    with acting_as(process="test"), rate_limit.bulk():
        process.process_stored([clinic.practice])
    assert not InboundMessage.objects.filter(status="stored").exists()
    assert Appointment.objects.get(external_id=visit).status == "cancelled"


def test_a_clear_no_is_parked(clinic: Clinic, bell: Bell, visit: str) -> None:
    body = json.dumps({"error": "The data provided is invalid."})
    clinic.fault(kind="status", status=400, path="/v1/.*/appointments/", body=body)
    bell.tell("Appointment.update", visit)
    clinic.work()
    (row,) = InboundMessage.objects.filter(kind="event")
    assert row.status == "parked"
    assert row.problem.startswith("athenahealth did not accept")
