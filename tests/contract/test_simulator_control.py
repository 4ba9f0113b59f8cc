"""Faults on order, and the control API."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    Athena,
    Clock,
    Relatient,
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


@pytest.fixture
def relatient(athena: Athena) -> Relatient:
    return Relatient(athena.url)


class TestFaults:
    def order(self, athena: Athena, **fault: Any) -> None:
        athena.sim("POST", "/faults", fault)

    def test_a_status_is_answered_as_ordered(self, athena: Athena) -> None:
        self.order(athena, kind="status", path="departments$", status=503, skip=1, body="busy")
        codes = [athena.call("GET", "/departments").status_code for _ in range(3)]
        assert codes == [200, 503, 200]
        assert athena.sim("GET", "/faults") == []

    @pytest.mark.parametrize(
        "kind", ["timeout_before", "timeout_after", "reset_before", "reset_after"]
    )
    def test_silence_before_or_after_the_work(self, athena: Athena, kind: str) -> None:
        id = athena.book()
        self.order(athena, kind=kind, method="PUT", path="confirmationstatus")
        path = f"/appointments/{id}/confirmationstatus"
        with pytest.raises(requests.ConnectionError):
            athena.put(path, appointmentconfirmationid="2")
        written = "appointmentconfirmationid" in athena.row(id)
        assert written is kind.endswith("after")

    def test_a_timeout_outlasts_the_caller(self, athena: Athena) -> None:
        self.order(athena, kind="timeout_before", delay_seconds=60)
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{athena.url}/v1/195900/departments", timeout=0.05)
        assert athena.call("GET", "/departments").status_code == 200

    def test_garbage_is_no_json(self, athena: Athena) -> None:
        self.order(athena, kind="garbage")
        answer = athena.call("GET", "/departments")
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)

    def test_faults_can_be_cleared_and_nonsense_is_refused(self, athena: Athena) -> None:
        self.order(athena, kind="status", times=9)
        athena.sim("DELETE", "/faults")
        assert athena.call("GET", "/departments").status_code == 200
        answer = requests.post(f"{athena.url}/_sim/faults", json={"kind": "nonsense"})
        assert answer.status_code == 400


class TestRelatientFaults:
    def test_a_write_that_succeeds_but_times_out(self, relatient: Relatient) -> None:
        body = relatient.enroll_body(relatient.patient())
        fault = {"kind": "timeout_after", "method": "POST", "path": "/enrollments$"}
        relatient.sim("POST", "/faults", [fault])
        with pytest.raises(requests.ConnectionError):
            relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        writes = relatient.sim("GET", "/state")["writes"]
        assert writes[-1]["path"] == "/relatient/v1/enrollments"
        assert writes[-1]["idempotency_key"] == "one"
        assert writes[-1]["subjects"]["appointment_external_id"] == "athena:195900:1192901"
        again = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert again.status_code == 200

    def test_a_refusal_can_be_made_up(self, relatient: Relatient) -> None:
        fault = {"kind": "status", "path": "/ping", "status": 429}
        fault |= {"headers": {"Retry-After": "7"}, "body": {"code": "rate_limited"}}
        relatient.sim("POST", "/faults", [fault])
        answer = relatient.call("GET", "/ping")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json() == {"code": "rate_limited"}


class TestControl:
    def test_the_ledger_has_every_accepted_write_and_no_refused_one(self, athena: Athena) -> None:
        id = athena.book()
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="77")
        athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="2")
        athena.put(f"/appointments/{id}/freeze", freeze="true")
        writes = athena.sim("GET", "/state")["writes"]
        assert [(one["method"], one["path"], one["subjects"]) for one in writes] == [
            (
                "PUT",
                "/v1/<practiceid>/appointments/<appointmentid>/confirmationstatus",
                {"appointmentid": id},
            )
        ]

    def test_staff_reschedule_change_and_check_out(self, athena: Athena) -> None:
        id = athena.book()
        change = {"notes": "parking", "starts_at": "2026-12-03T20:00:00Z", "copay": None}
        athena.sim("POST", f"/athena/appointments/{id}/change", change)
        row = athena.row(id)
        assert (row["starttime"], row["appointmentnotes"][0]["text"]) == ("15:00", "parking")
        assert "copay" not in row
        moved = {"starts_at": "2026-12-05T15:00:00Z"}
        new = athena.sim("POST", f"/athena/appointments/{id}/reschedule", moved)["newappointmentid"]
        assert athena.row(id)["rescheduledappointmentid"] == new
        athena.sim("POST", f"/athena/appointments/{new}/checkin", {})
        athena.sim("POST", f"/athena/appointments/{new}/checkout", {})
        assert athena.row(new)["appointmentstatus"] == "3"

    def test_unknown_settings_and_wrong_types_are_refused(self, athena: Athena) -> None:
        for body in ({"nonsense": 1}, {"feed_collapse": "yes"}):
            assert requests.post(f"{athena.url}/_sim/settings", json=body).status_code == 400
        assert requests.get(f"{athena.url}/_sim/nothing").status_code == 404

    def test_after_a_stop_nothing_answers_and_a_start_keeps_the_world(self) -> None:
        server = SimulatorServer(scenario="tiny")
        with server:
            before = requests.get(f"{server.url}/_sim/state").json()["athena"]["appointments"]
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/_sim/state")
        with server:
            after = requests.get(f"{server.url}/_sim/state").json()["athena"]["appointments"]
        assert before == after and len(before) == 1

    def test_it_listens_on_loopback_only(self, athena: Athena) -> None:
        assert athena.url.startswith("http://127.0.0.1:")
        port = int(athena.url.rsplit(":", 1)[1])
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):
            pass
