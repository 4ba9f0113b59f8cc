"""The ledger over time: what was written, what it changed, and what happened beside it."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from integrations.simulators import observer
from integrations.simulators.control_athena import book
from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import STARTS_AT, Athena, Clock, Relatient, appointment

# How many visits the simulators carry easily.
MANY = 2000
# Of the processor, for asking and for answering: other work on the machine does not count.
SECONDS_FOR_MANY = 1.0


@pytest.fixture
def server(clock: Clock) -> Iterator[SimulatorServer]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        yield simulator


@pytest.fixture
def athena(server: SimulatorServer, clock: Clock) -> Athena:
    client = Athena(server.url, clock)
    client.sign_in()
    return client


@pytest.fixture
def relatient(server: SimulatorServer) -> Relatient:
    return Relatient(server.url)


def entries(caller: Athena | Relatient, query: str = "") -> list[dict[str, Any]]:
    return list(caller.sim("GET", f"/ledger{query}")["entries"])


class TestAppointments:
    def test_a_write_has_its_body_and_what_it_changed(self, athena: Athena, clock: Clock) -> None:
        id = athena.book()
        clock.advance(minutes=5)
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="2")
        made, confirmed = entries(athena)
        assert (made["source"], made["vendor"], made["method"]) == ("staff", "athenahealth", "")
        assert made["at"] == "2026-11-30T15:00:00+00:00"
        (state,) = made["states"]
        assert (state["kind"], state["id"], state["before"]) == ("appointment", id, None)
        assert state["after"]["status"] == "f" and state["after"]["starts_at"] == STARTS_AT
        assert (confirmed["n"], confirmed["source"]) == (2, "api")
        assert confirmed["at"] == "2026-11-30T15:05:00+00:00"
        assert confirmed["body"] == {"appointmentconfirmationid": "2"}
        (state,) = confirmed["states"]
        assert (state["before"]["confirmation"], state["after"]["confirmation"]) == (None, "2")
        assert confirmed["abandoned"] is False and confirmed["idempotency_key"] is None

    def test_a_confirmation_without_an_echo_is_booked_all_the_same(self, athena: Athena) -> None:
        id = athena.book()
        athena.settings(confirmation_echo=False)
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="2")
        assert entries(athena)[-1]["states"][0]["after"]["confirmation"] == "2"

    def test_what_staff_changes_is_there_with_its_time(self, athena: Athena, clock: Clock) -> None:
        id = athena.book()
        for change in (
            {"starts_at": "2026-12-04T16:00:00Z"},
            {"appointmenttypeid": "83"},
            {"departmentid": "21"},
            {"copay": 25},
        ):
            clock.advance(minutes=1)
            athena.sim("POST", f"/athena/appointments/{id}/change", change)
        moved = {"starts_at": "2026-12-05T15:00:00Z"}
        new = athena.sim("POST", f"/athena/appointments/{id}/reschedule", moved)["newappointmentid"]
        athena.sim("POST", f"/athena/appointments/{new}/noshow", {})
        states = [state for entry in entries(athena)[1:] for state in entry["states"]]
        differences = [
            (state["id"], name)
            for state in states
            for name, value in state["after"].items()
            if state["before"] and state["before"][name] != value
        ]
        assert differences == [
            (id, "starts_at"),
            (id, "type"),
            # The clock on the wall stays, in another zone.
            (id, "starts_at"),
            (id, "department"),
            (new, "status"),
            (new, "patient"),
            (id, "status"),
            (new, "status"),
        ]
        assert {entry["source"] for entry in entries(athena)} == {"staff"}
        assert entries(athena)[2]["at"] == "2026-11-30T15:02:00+00:00"

    def test_a_refused_write_is_not_there(self, athena: Athena) -> None:
        id = athena.book()
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="77")
        athena.put(f"/appointments/{id}/freeze", freeze="true")
        assert len(entries(athena)) == 1

    def test_a_merge_moves_the_visits(self, athena: Athena) -> None:
        gone, stays = (athena.sim("POST", "/athena/patients", {})["patientid"] for _ in range(2))
        id = athena.book(patientid=gone)
        athena.sim("POST", f"/athena/patients/{gone}/merge", {"into": stays})
        (state,) = entries(athena)[-1]["states"]
        assert state["id"] == id
        assert (state["before"]["patient"], state["after"]["patient"]) == (gone, stays)


class TestEnrollments:
    def test_made_changed_and_ended(self, relatient: Relatient, clock: Clock) -> None:
        patient = relatient.patient()
        body = relatient.enroll_body(patient)
        made = relatient.call("POST", "/enrollments", body, Idempotency_Key="one").json()["id"]
        relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        later = {"appointment": appointment(starts_at="2026-12-04T15:30:00Z")}
        relatient.call("PATCH", f"/enrollments/{made}", later)
        relatient.call("POST", f"/enrollments/{made}/cancel", {"reason": "staff"})
        _, enrolled, changed, ended = entries(relatient)
        assert (enrolled["idempotency_key"], enrolled["body"]) == ("one", body)
        (state,) = enrolled["states"]
        assert (state["kind"], state["id"], state["before"]) == ("enrollment", made, None)
        assert state["after"] == {
            "status": "active",
            "appointment_external_id": "athena:195900:1192901",
            "starts_at": STARTS_AT,
            "campaign_id": "cmp_preventive_en",
            "patient_id": patient["id"],
        }
        starts = [changed["states"][0][side]["starts_at"] for side in ("before", "after")]
        assert starts == [STARTS_AT, "2026-12-04T15:30:00Z"]
        statuses = [ended["states"][0][side]["status"] for side in ("before", "after")]
        assert statuses == ["active", "cancelled"]
        assert ended["path"] == "/relatient/v1/enrollments/<id>/cancel"

    def test_what_the_vendor_ends_by_itself(self, relatient: Relatient) -> None:
        made = relatient.enroll(relatient.patient()).json()["id"]
        relatient.sim("POST", f"/relatient/enrollments/{made}/complete", {})
        last = entries(relatient)[-1]
        assert (last["source"], last["vendor"], last["method"]) == ("vendor", "relatient", "")
        assert last["states"][0]["after"]["status"] == "completed"


class TestPages:
    def test_only_what_is_new(self, athena: Athena) -> None:
        for _ in range(5):
            athena.book()
        page = athena.sim("GET", "/ledger?after=1&limit=2")
        assert [one["n"] for one in page["entries"]] == [2, 3]
        assert (page["last"], page["more"]) == (3, True)
        rest = athena.sim("GET", f"/ledger?after={page['last']}")
        assert [one["n"] for one in rest["entries"]] == [4, 5] and rest["more"] is False
        assert [one["n"] for one in observer.ledger(athena.url, after=2)] == [3, 4, 5]
        assert athena.sim("GET", "/ledger?after=5") == {"entries": [], "last": 5, "more": False}
        assert requests.get(f"{athena.url}/_sim/ledger?after=x").status_code == 400


class TestSize:
    """A long run has thousands of visits; nothing may look at all of them for each call."""

    @pytest.fixture
    def full(self, server: SimulatorServer, athena: Athena, relatient: Relatient) -> Athena:
        relatient.settings(relatient_requests_per_second=100_000)
        athena.post("/appointments/changed/subscription")
        simulation = server.simulation
        with simulation.lock:
            store = simulation.relatient.store
            for number in range(MANY):
                starts_at = simulation.clock() + timedelta(days=1 + number % 60, hours=number % 8)
                patient = {"patientid": str(8000 + number), "starts_at": starts_at.isoformat()}
                simulation.athena.chart.patients[patient["patientid"]] = patient
                id = book(simulation, dict(patient))["appointmentid"]
                external = store.add_patient({"external_id": f"athena:195900:{number}"})
                fields = relatient.enroll_body(external, appointment=appointment(id))
                store.add_enrollment(fields, simulation.clock())
                store.emit("enrollment.completed", simulation.clock())
        return athena

    def test_state_and_ledger_of_many_visits(self, full: Athena) -> None:
        for path in ("/state", "/ledger"):
            began = time.process_time()
            full.sim("GET", path)
            assert time.process_time() - began < SECONDS_FOR_MANY, path

    def test_single_calls_stay_quick(self, full: Athena, relatient: Relatient) -> None:
        began = time.process_time()
        for number in range(1, 101):
            relatient.get(f"/patients/pat_{number:06d}/enrollments")
            relatient.get(f"/events?after={MANY - 10}")
            full.get("/appointments/booked", startdate="12/05/2026", enddate="12/05/2026")
        assert time.process_time() - began < 300 * 0.03

    def test_it_found_the_right_ones(self, full: Athena, relatient: Relatient) -> None:
        day = full.get("/appointments/booked", startdate="12/05/2026", enddate="12/05/2026")
        assert {row["date"] for row in day["appointments"]} == {"12/05/2026"}
        assert 30 <= day["totalcount"] <= 40
        everything = full.get("/appointments/booked", startdate="11/01/2026", enddate="03/01/2027")
        assert everything["totalcount"] == MANY
        (one,) = relatient.get("/patients/pat_000007/enrollments")["enrollments"]
        assert one["patient_id"] == "pat_000007"
        events = relatient.get(f"/events?after={MANY - 10}")["events"]
        assert [one["seq"] for one in events] == list(range(MANY - 9, MANY + 1))
