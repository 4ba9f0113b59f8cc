"""athenahealth's front door and reference data, over real HTTP, as the contract says."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    SCOPE,
    Athena,
    Clock,
)


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


class TestToken:
    def test_the_lifetime_is_a_string(self, athena: Athena) -> None:
        body = athena.token().json()
        assert body["expires_in"] == "3600"
        assert body["token_type"] == "Bearer"
        assert body["scope"] == SCOPE

    def test_wrong_credentials_and_forms_are_refused(self, athena: Athena) -> None:
        assert athena.token(secret="wrong").status_code == 401
        assert athena.token(grant_type="password").status_code == 400
        assert athena.token(scope="").status_code == 400

    def test_tokens_are_limited_by_the_minute(self, athena: Athena, clock: Clock) -> None:
        athena.sim("POST", "/settings", {"token_requests_per_minute": 5})
        clock.advance(minutes=1)
        answers = [athena.token() for _ in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert answers[0].headers["x-ratelimit-limit"] == "5"
        clock.advance(minutes=1)
        assert athena.token().status_code == 200

    def test_no_token_an_old_one_and_a_revoked_one_are_401(
        self, athena: Athena, clock: Clock
    ) -> None:
        assert requests.get(f"{athena.url}/v1/195900/departments").status_code == 401
        clock.advance(seconds=3600)
        assert athena.call("GET", "/departments").status_code == 401
        athena.sign_in()
        athena.sim("POST", "/tokens/revoke")
        assert athena.call("GET", "/departments").status_code == 401


class TestGateway:
    def test_every_reply_carries_the_daily_quota_and_a_request_id(self, athena: Athena) -> None:
        headers = athena.call("GET", "/departments").headers
        assert headers["x-ratelimit-limit"] == "50000"
        assert int(headers["x-ratelimit-remaining"]) < 50000
        assert headers["x-request-id"].startswith("rrt-")

    @pytest.mark.parametrize("style", ["429", "403"])
    def test_an_exhausted_quota_throttles_until_midnight_gmt(
        self, athena: Athena, clock: Clock, style: str
    ) -> None:
        athena.sim("POST", "/settings", {"athena_daily_quota": 1, "athena_throttle": style})
        assert athena.call("GET", "/departments").status_code == 200
        assert athena.call("GET", "/departments").status_code == int(style)
        clock.advance(days=1)
        athena.sign_in()
        assert athena.call("GET", "/departments").status_code == 200

    def test_a_rate_per_second_can_be_set(self, athena: Athena) -> None:
        athena.sim("POST", "/settings", {"athena_requests_per_second": 1})
        codes = [athena.call("GET", "/departments").status_code for _ in range(2)]
        assert codes == [200, 429]

    @pytest.mark.parametrize("method", ["GET", "PATCH"])
    def test_an_unknown_route_is_plain_text_and_patch_is_one_everywhere(
        self, athena: Athena, method: str
    ) -> None:
        path = "/nothing/here" if method == "GET" else "/appointments/1"
        answer = athena.call(method, path)
        assert answer.status_code == 404
        assert answer.text == "Service not registered with API gateway."

    def test_error_bodies_start_with_two_newlines(self, athena: Athena) -> None:
        answer = athena.call("GET", "/appointments/99")
        assert answer.status_code == 404
        assert answer.text.startswith("\n\n{")
        assert set(answer.json()) == {"error"}

    def test_missing_fields_are_named(self, athena: Athena) -> None:
        answer = athena.call("GET", "/appointments/booked")
        assert answer.status_code == 400
        assert answer.json()["missingfields"] == ["startdate", "enddate"]

    def test_parameters_may_be_in_the_query_and_in_any_case(self, athena: Athena) -> None:
        id = athena.book()
        patient = athena.row(id)["patientid"]
        answer = athena.call("PUT", f"/appointments/{id}/cancel", params={"PATIENTID": patient})
        assert answer.json() == {"status": "x"}


class TestEncoding:
    def test_numbers_and_booleans_become_strings_for_an_old_key(self, athena: Athena) -> None:
        id = athena.book()
        assert athena.row(id)["duration"] == 30
        assert athena.row(id)["coordinatorenterprise"] is False
        athena.call("DELETE", "/misc/properjsonencoding")
        row = athena.row(id)
        assert (row["duration"], row["coordinatorenterprise"]) == ("30", "false")
        department = athena.get("/departments")
        assert department["departments"][0]["timezone"] == "-5"
        assert department["totalcount"] == 5
        athena.post("/misc/properjsonencoding")
        assert athena.row(id)["duration"] == 30

    def test_ids_of_booked_rows_are_strings_and_of_slots_integers(self, athena: Athena) -> None:
        id = athena.book()
        assert athena.row(id)["appointmentid"] == id
        assert isinstance(athena.row(id)["departmentid"], str)
        slot = {"starts_at": "2026-12-02T16:00:00Z"}
        athena.sim("POST", "/athena/appointments", slot)
        found = athena.get("/appointments/open", departmentid="1", reasonid="-1")
        assert isinstance(found["appointments"][0]["appointmentid"], int)
        assert found["appointments"][0]["reasonid"] == ["-1"]


class TestReference:
    def test_departments_have_zones_and_one_old_row_only_offsets(self, athena: Athena) -> None:
        rows = {row["departmentid"]: row for row in athena.get("/departments")["departments"]}
        assert rows["1"]["timezonename"] == "US/Eastern"
        assert rows["62"]["doesnotobservedst"] is True
        assert "timezonename" not in rows["150"]
        assert (rows["150"]["timezoneoffset"], rows["150"]["doesnotobservedst"]) == (-6, False)
        assert "900" not in rows
        assert len(athena.get("/departments", showalldepartments="true")["departments"]) == 6
        assert athena.get("/departments/21")[0]["patientdepartmentname"] == "Lakeside Clinic"

    def test_the_present_offset_follows_daylight_saving(self, athena: Athena, clock: Clock) -> None:
        clock.now = datetime(2026, 7, 1, 12, tzinfo=UTC)
        athena.sign_in()
        main, saguaro = athena.get("/departments/1")[0], athena.get("/departments/62")[0]
        assert (main["timezone"], main["timezoneoffset"]) == (-4, -5)
        assert (saguaro["timezone"], saguaro["timezoneoffset"]) == (-7, -7)

    def test_types_that_patients_cannot_book_are_hidden_by_default(self, athena: Athena) -> None:
        def ids(**query: str) -> set[int]:
            rows = athena.get("/appointmenttypes", **query)["appointmenttypes"]
            return {row["appointmenttypeid"] for row in rows}

        assert 95 not in ids() and 82 in ids() and 2 in ids()
        assert 95 in ids(hidenonpatient="false")
        assert 2 not in ids(hidegeneric="true")

    def test_reasons_statuses_providers_and_languages(self, athena: Athena) -> None:
        reasons = athena.get("/appointmentcancelreasons", slotavailable="true")
        by_id = {
            row["appointmentcancelreasonid"]: row for row in reasons["appointmentcancelreasons"]
        }
        assert by_id[41]["name"] == "PATIENT CANCELLED"
        assert by_id[-4]["patientrescheduled"] is True
        assert 43 not in by_id
        statuses = athena.get("/reference/appointmentconfirmationstatus")["status"]
        assert {row["statusid"]: row["name"] for row in statuses}[41] == "Confirmed by Operator"
        kinds = {row["entitytype"] for row in athena.get("/providers")["providers"]}
        assert kinds == {"Person", "Non-person entity"}
        assert athena.get("/providers/71")[0]["providerid"] == 71
        assert athena.get("/languages")["languages"][-1] == {"name": "Patient Declined"}
