"""The destructive change feeds of the simulated athenahealth."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    SCOPE,
    Athena,
    Clock,
)

UNSUBSCRIBED = "Changed messages require setup (subscription) that has not been done."


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


class TestChangeFeed:
    def subscribe(self, athena: Athena, name: str = "appointments", **form: str) -> None:
        assert athena.post(f"/{name}/changed/subscription", **form).status_code == 200

    def changed(self, athena: Athena, **query: Any) -> list[str]:
        rows = athena.get("/appointments/changed", **query)["appointments"]
        return [row["appointmentid"] for row in rows]

    def test_without_a_subscription_it_is_403(self, athena: Athena) -> None:
        answer = athena.call("GET", "/appointments/changed")
        assert answer.status_code == 403
        assert answer.json() == {"error": UNSUBSCRIBED}
        assert athena.get("/appointments/changed/subscription") == {
            "status": "INACTIVE",
            "subscriptions": [],
        }

    def test_events_are_subscribed_one_by_one_or_all(self, athena: Athena) -> None:
        path = "/appointments/changed/subscription"
        offered = [one["eventname"] for one in athena.get(f"{path}/events")["subscriptions"]]
        assert "CancelAppointment" in offered and "UpdateReminderCall" in offered
        self.subscribe(athena, eventname="CancelAppointment")
        assert athena.get(path)["status"] == "PARTIAL"
        self.subscribe(athena)
        assert athena.get(path)["status"] == "ACTIVE"
        athena.call("DELETE", path, params={"eventname": "CheckIn"})
        assert athena.get(path)["status"] == "PARTIAL"
        athena.call("DELETE", path)
        assert athena.get(path)["status"] == "INACTIVE"
        assert athena.post(path, eventname="Nonsense").status_code == 400

    def test_only_what_happens_after_the_delay_is_heard(self, athena: Athena, clock: Clock) -> None:
        athena.sim("POST", "/settings", {"subscription_delay_seconds": 300})
        athena.book()
        self.subscribe(athena)
        athena.book()
        assert athena.call("GET", "/appointments/changed").status_code == 403
        clock.advance(seconds=301)
        heard = athena.book()
        assert self.changed(athena) == [heard]

    def test_reading_hands_out_once_unless_left_unprocessed(self, athena: Athena) -> None:
        self.subscribe(athena)
        id = athena.book()
        assert self.changed(athena, leaveunprocessed="true") == [id]
        assert self.changed(athena) == [id]
        assert self.changed(athena) == []

    def test_rows_are_the_present_state_and_collapse(self, athena: Athena) -> None:
        self.subscribe(athena)
        id = athena.book()
        athena.sim("POST", f"/athena/appointments/{id}/change", {"copay": 30})
        athena.sim("POST", f"/athena/appointments/{id}/change", {"confirmation": "2"})
        rows = athena.get("/appointments/changed")["appointments"]
        assert [(row["copay"], row["appointmentconfirmationid"]) for row in rows] == [(30, "2")]
        athena.sim("POST", "/settings", {"feed_collapse": False})
        athena.sim("POST", f"/athena/appointments/{id}/change", {"copay": 31})
        athena.sim("POST", f"/athena/appointments/{id}/change", {"copay": 32})
        assert [row["copay"] for row in athena.get("/appointments/changed")["appointments"]] == [
            32,
            32,
        ]

    def test_cancelled_open_and_frozen_rows_appear(self, athena: Athena) -> None:
        self.subscribe(athena)
        id = athena.book()
        athena.sim("POST", f"/athena/appointments/{id}/cancel", {})
        rows = athena.get("/appointments/changed")["appointments"]
        assert [row["appointmentstatus"] for row in rows] == ["x", "o"]
        assert "patientid" not in rows[1]
        athena.put(f"/appointments/{rows[1]['appointmentid']}/freeze", freeze="true")
        assert athena.get("/appointments/changed")["appointments"][0]["frozen"] is True

    def test_processed_rows_are_read_again_by_eastern_time(
        self, athena: Athena, clock: Clock
    ) -> None:
        self.subscribe(athena)
        ids = [athena.book() for _ in range(3)]
        self.changed(athena, limit=2)
        unread = ids[2]
        clock.advance(minutes=10)
        window = {
            "showprocessedstartdatetime": "11/30/2026 10:00:00",
            "showprocessedenddatetime": "11/30/2026 10:05:00",
        }
        assert self.changed(athena, **window) == ids[:2]
        page = athena.get("/appointments/changed", **window, limit=1)
        assert "offset=1" in page["next"]
        assert self.changed(athena, **window, limit=1, offset=1) == [ids[1]]
        assert self.changed(athena) == [unread]
        in_utc = {"showprocessedstartdatetime": "11/30/2026 15:00:00"}
        assert self.changed(athena, **in_utc) == []

    def test_draining_pages_without_an_offset(self, athena: Athena) -> None:
        self.subscribe(athena)
        ids = [athena.book() for _ in range(3)]
        assert self.changed(athena, limit=2) + self.changed(athena, limit=2, offset=2) == ids
        answer = athena.call("GET", "/appointments/changed", params={"limit": 5001})
        assert answer.status_code == 400

    def test_departments_filter_what_is_queued_and_what_is_read(self, athena: Athena) -> None:
        self.subscribe(athena, departmentids="1,21")
        here = athena.book()
        there = athena.book(departmentid="21", providerid="73")
        athena.book(departmentid="62", providerid="74")
        assert self.changed(athena, departmentid="21") == [there]
        assert self.changed(athena) == [here]

    def test_each_key_has_a_feed_of_its_own(self, athena: Athena) -> None:
        athena.sim(
            "POST",
            "/settings",
            {"athena_credentials": {"kept-demo": "demo-secret", "other": "other-secret"}},
        )
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        token = requests.post(
            f"{athena.url}/oauth2/v1/token", auth=("other", "other-secret"), data=form
        )
        self.subscribe(athena)
        id = athena.book()
        other = Athena(athena.url, athena.clock)
        other.headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        assert other.call("GET", "/appointments/changed").status_code == 403
        assert self.changed(athena) == [id]

    def test_our_own_confirmation_comes_back_unless_switched_off(self, athena: Athena) -> None:
        self.subscribe(athena)
        id = athena.book()
        self.changed(athena)
        path = f"/appointments/{id}/confirmationstatus"
        athena.put(path, appointmentconfirmationid="2")
        echo = athena.get("/appointments/changed")["appointments"]
        assert echo[0]["lastmodifiedby"].startswith("API-")
        athena.sim("POST", "/settings", {"confirmation_echo": False})
        athena.put(path, appointmentconfirmationid="3")
        assert self.changed(athena) == []

    def test_patients_change_and_merge(self, athena: Athena) -> None:
        self.subscribe(athena, "patients")
        id = athena.book()
        gone = athena.row(id)["patientid"]
        kept = athena.sim("POST", "/athena/patients", {})["patientid"]
        athena.get("/patients/changed")
        athena.sim("POST", f"/athena/patients/{kept}", {"consenttotext": False})
        rows = athena.get("/patients/changed")["patients"]
        assert [(row["patientid"], row["consenttotext"]) for row in rows] == [(kept, False)]
        athena.sim("POST", f"/athena/patients/{gone}/merge", {"into": kept})
        merged = athena.get("/patients/changed")["patients"]
        assert merged[0]["previouspatientids"] == [gone]
        assert athena.row(id)["patientid"] == kept
        assert athena.call("GET", f"/patients/{gone}").status_code == 404
        athena.sim("POST", "/settings", {"merged_patient_read": "survivor"})
        assert athena.get(f"/patients/{gone}")[0]["patientid"] == kept
        shown = athena.get(f"/patients/{kept}", showpreviouspatientids="true")[0]
        assert shown["previouspatientids"] == [gone]
