"""The judge of the chaos run sees what it is there for: each misdeed is done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import requests

from integrations.simulators import control_athena
from integrations.simulators.server import SimulatorServer
from tests.chaos.run.journal import ROW
from tests.chaos.run.judge_repeats import judge_echoes, judge_repeats, judge_rest
from tests.chaos.run.judge_visits import at_rest, never_two_at_once
from tests.chaos.run.late import touched_late
from tests.chaos.run.town import Town

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
KEY = {"Authorization": "ApiKey demo-relatient-key"}


class Hand:
    """Does at Relatient what the product would do, and what it must not."""

    def __init__(self, server: SimulatorServer) -> None:
        self.town = Town(server, Random(1))
        self.url = server.url
        self.patient = control_athena.create_patient(self.town.simulation, {})["patientid"]
        self.visit = self.book()
        body = {"external_id": f"athena:195900:{self.patient}", "first_name": "Nova"}
        body |= {"last_name": "Exemplar", "email": "nova.exemplar@example.org"}
        body |= {"mobile_phone": "+16172267002"}
        self.record = self.ask("POST", "/patients", body, "patient")["id"]

    def book(self) -> str:
        visit = {"patientid": self.patient, "starts_at": START.isoformat()}
        return str(control_athena.book(self.town.simulation, visit)["appointmentid"])

    def ask(self, method: str, path: str, body: Any, key: str = "") -> Any:
        headers = KEY | ({"Idempotency-Key": key} if key else {})
        url = f"{self.url}/relatient/v1{path}"
        reply = requests.request(method, url, json=body, headers=headers, timeout=10)
        assert reply.status_code < 300, reply.text
        return reply.json()

    def reminder(self, visit: str, **more: Any) -> Any:
        recipient = {"kind": "patient", "name": "Nova Exemplar", "mobile_phone": "+16172267002"}
        appointment = {
            "external_id": f"athena:195900:{visit}",
            "starts_at": START.isoformat(),
            "time_zone": "America/New_York",
            "provider_external_id": "athena:195900:71",
            "provider_name": "Dr. Ada Samplewell",
            "department_name": "Main Street Family Medicine",
            "type_name": "Preventive visit",
            "modality": "in_person",
        }
        return {
            "appointment": appointment | more,
            "recipient": recipient | {"email": "nova.exemplar@example.org"},
            "lead_channel": "sms",
            "channels_allowed": ["sms", "email"],
        }

    def enroll(self, key: str = "first", visit: str = "") -> str:
        body = {"patient_id": self.record, "campaign_id": "cmp_preventive_en"}
        body |= self.reminder(visit or self.visit)
        return str(self.ask("POST", "/enrollments", body, key)["id"])

    def found(self) -> list[tuple[int, str]]:
        """Everything the judge says that needs no table of Kept's."""
        state, journal = self.town.state(), self.town.journal
        violations = [
            *never_two_at_once(journal, state),
            *at_rest(journal, state),
            *judge_repeats(journal, state),
            *judge_echoes(journal),
        ]
        return [(one.invariant, one.subject) for one in violations]


@pytest.fixture
def hand() -> Iterator[Hand]:
    """A visit that should be enrolled, and a Relatient that refuses no second one."""
    with SimulatorServer(scenario="empty") as server:
        server.simulation.switches.one_active_enrollment = False
        yield Hand(server)


def test_one_enrollment_as_it_should_be_is_right(hand: Hand) -> None:
    hand.enroll()
    hand.enroll()
    assert hand.found() == []


def test_nobody_enrolled_is_a_violation_of_the_third(hand: Hand) -> None:
    assert hand.found() == [(3, hand.visit)]


def test_two_active_are_seen_even_when_both_have_ended(hand: Hand) -> None:
    both = [hand.enroll(), hand.enroll("second")]
    control_athena.cancel(hand.town.simulation, {}, hand.visit)
    for one in both:
        hand.ask("POST", f"/enrollments/{one}/cancel", {"reason": "superseded"})
    assert hand.found() == [(1, hand.visit), (5, hand.visit)]


def test_two_active_in_one_chain_are_seen(hand: Hand) -> None:
    hand.enroll()
    move = {"starts_at": START.isoformat()}
    new = control_athena.reschedule(hand.town.simulation, move, hand.visit)["newappointmentid"]
    hand.enroll("second", visit=new)
    assert set(hand.found()) == {(1, new), (2, hand.visit)}


def test_active_for_a_cancelled_visit_is_a_violation_of_the_second(hand: Hand) -> None:
    hand.enroll()
    control_athena.cancel(hand.town.simulation, {}, hand.visit)
    assert hand.found() == [(2, hand.visit)]


def test_another_start_is_a_violation_of_the_third(hand: Hand) -> None:
    hand.enroll()
    later = {"starts_at": (START + timedelta(days=1)).isoformat()}
    control_athena.change(hand.town.simulation, later, hand.visit)
    assert hand.found() == [(3, hand.visit)]


def test_an_update_that_changes_nothing_is_an_echo(hand: Hand) -> None:
    enrollment = hand.enroll()
    hand.ask("PATCH", f"/enrollments/{enrollment}", hand.reminder(hand.visit))
    assert hand.found() == [(9, hand.visit)]


def test_the_same_details_told_again_are_a_violation_of_the_fifth(hand: Hand) -> None:
    enrollment = hand.enroll()
    for _ in range(2):
        hand.ask("POST", f"/enrollments/{enrollment}/resend", {"step": "initial"}, "again")
    assert hand.found() == [(5, hand.visit)]


def test_a_note_with_our_marker_may_be_there_once(hand: Hand) -> None:
    hand.enroll()
    for _ in range(2):
        note = {"notes": "The patient asks for another time. (Kept-r0123456789)"}
        control_athena.change(hand.town.simulation, note, hand.visit)
    assert hand.found() == [(5, hand.visit)]


def test_a_request_at_rest_is_a_violation_of_the_ninth(hand: Hand) -> None:
    journal = hand.town.journal
    since = len(journal.entries)
    hand.enroll()
    [one] = judge_rest(journal, since, len(journal.entries))
    assert one.invariant == 9
    assert judge_rest(journal, len(journal.entries), len(journal.entries)) == []


def test_a_late_request_is_known_by_visit_chain_and_patient(hand: Hand) -> None:
    other = hand.book()
    stranger = control_athena.create_patient(hand.town.simulation, {})["patientid"]
    with hand.town.simulation.ledger.abandoned():
        hand.enroll()
    touched = touched_late(hand.town.state())
    assert hand.visit in touched
    assert {other, stranger}.isdisjoint(touched)


@pytest.mark.parametrize("echo", [True, False])
def test_a_confirmation_is_in_the_journal_whether_or_not_it_is_fed(hand: Hand, echo: bool) -> None:
    chart = hand.town.chart
    now = datetime.now(UTC)
    chart.confirm(chart.appointments[hand.visit], "2", at=now, by="API-1", echo=echo)
    last = hand.town.journal.of(ROW)[-1]
    assert (last.subject, last.data["appointmentconfirmationid"]) == (hand.visit, "2")
