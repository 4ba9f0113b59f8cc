"""The fault storm, and the faults it is made of, over real HTTP."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from integrations.simulators.storm import MAKERS, Storm
from tests.contract.simulator_callers import Athena, Clock, Relatient

SECONDS = 10


@pytest.fixture
def athena(clock: Clock) -> Iterator[Athena]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


@pytest.fixture
def relatient(athena: Athena) -> Relatient:
    return Relatient(athena.url)


def storm(caller: Athena | Relatient, kind: str, **more: Any) -> None:
    caller.sim("POST", "/storm", {"share": {kind: 1.0}} | more)


def counts(caller: Athena | Relatient) -> dict[str, int]:
    return dict(caller.sim("GET", "/storm")["counts"])


def confirm(athena: Athena, id: str) -> requests.Response:
    return athena.put(f"/appointments/{id}/confirmationstatus", appointmentconfirmationid="2")


def writes(caller: Athena | Relatient) -> list[dict[str, Any]]:
    return list(caller.sim("GET", "/state")["writes"])


def faults_met(seed: int, calls: list[tuple[str, str]]) -> list[str | None]:
    one = Storm()
    one.begin(seed=seed, share={"500": 0.2, "slow": 0.2, "reset_after": 0.2})
    now = Clock()()
    met = [one.take(*call, now) for call in calls]
    return [fault.kind if fault else None for fault in met]


class TestTheDraw:
    CALLS = [("GET", "/v1/195900/departments")] * 200

    def test_a_seed_and_the_number_of_a_call_decide(self) -> None:
        once = faults_met(7, self.CALLS)
        assert once == faults_met(7, self.CALLS) != faults_met(8, self.CALLS)
        others = [("PUT", f"/v1/195900/appointments/{number}/cancel") for number in range(200)]
        assert once == faults_met(7, others)

    def test_the_shares_are_kept_to(self) -> None:
        met = faults_met(3, self.CALLS * 20)
        assert met.count(None) == pytest.approx(1600, rel=0.1)
        assert met.count("reset_after") == pytest.approx(800, rel=0.15)

    def test_every_kind_passes_where_it_makes_no_sense(self) -> None:
        token, read, write = (
            ("POST", "/oauth2/v1/token"),
            ("GET", "/v1/195900/appointments/7"),
            ("POST", "/relatient/v1/enrollments"),
        )
        out_of_place = {
            "cut_page": [token, read, write],
            "duplicate_rows": [token, read, write],
            "reorder_rows": [token, read, write],
            "soft_failure": [token, read, write],
            "unauthorized_401": [token, write],
            "throttle_text_403": [write],
            "throttle_fault_json": [write],
        }
        for kind in MAKERS:
            one = Storm()
            one.begin(share={kind: 1.0})
            passed = [call for call in (token, read, write) if one.take(*call, Clock()()) is None]
            assert passed == out_of_place.get(kind, []), kind

    def test_nonsense_is_refused(self, athena: Athena) -> None:
        for share in ({"earthquake": 0.1}, {"500": 0.7, "503": 0.7}, {"500": -0.1}):
            answer = requests.post(f"{athena.url}/_sim/storm", json={"share": share})
            assert answer.status_code == 400


class TestTheStorm:
    def test_it_spares_the_control_api_other_paths_and_a_later_time(
        self, athena: Athena, clock: Clock
    ) -> None:
        storm(athena, "503", path="departments", until="2026-11-30T15:30:00Z")
        assert athena.call("GET", "/departments").status_code == 503
        assert athena.call("GET", "/providers").status_code == 200
        assert counts(athena) == {"503": 1}
        clock.advance(minutes=31)
        assert athena.call("GET", "/departments").status_code == 200

    def test_its_end_keeps_the_counts(self, athena: Athena) -> None:
        storm(athena, "500")
        assert athena.call("GET", "/departments").status_code == 500
        over = athena.sim("DELETE", "/storm")
        assert (over["raging"], over["counts"]) == (False, {"500": 1})
        assert athena.call("GET", "/departments").status_code == 200
        assert counts(athena) == {"500": 1}

    def test_an_ordered_fault_comes_first(self, athena: Athena) -> None:
        storm(athena, "500")
        athena.sim("POST", "/faults", {"kind": "status", "status": 418})
        assert athena.call("GET", "/departments").status_code == 418
        assert counts(athena) == {}


class TestSilence:
    @pytest.mark.parametrize(
        "kind", ["timeout_before", "timeout_after", "reset_before", "reset_after"]
    )
    def test_before_or_after_the_work(self, athena: Athena, kind: str) -> None:
        id = athena.book()
        storm(athena, kind, delay_seconds=0.1)
        with pytest.raises(requests.ConnectionError):
            confirm(athena, id)
        athena.sim("DELETE", "/storm")
        assert ("appointmentconfirmationid" in athena.row(id)) is kind.endswith("after")
        assert counts(athena) == {kind: 1}

    def test_a_timeout_holds_the_connection_for_three_seconds(self, athena: Athena) -> None:
        storm(athena, "timeout_before")
        began = time.monotonic()
        with pytest.raises(requests.ConnectionError):
            athena.call("GET", "/departments")
        assert time.monotonic() - began > 2.9

    @pytest.mark.parametrize("patience", [0.2, SECONDS])
    def test_a_late_one_is_performed_when_its_caller_is_gone(
        self, athena: Athena, patience: float
    ) -> None:
        """Whether the caller gave up, or the connection broke."""
        id = athena.book()
        storm(athena, "timeout_late", delay_seconds=0.5, late_seconds=0.3)
        address = f"{athena.url}/v1/195900/appointments/{id}/confirmationstatus"
        form = {"appointmentconfirmationid": "2"}
        with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
            requests.put(address, headers=athena.headers, data=form, timeout=patience)
        athena.sim("DELETE", "/storm")
        assert writes(athena) == []
        deadline = time.monotonic() + SECONDS
        while not writes(athena) and time.monotonic() < deadline:
            continue
        (entry,) = [one for one in self.entries(athena) if one["source"] == "api"]
        assert entry["abandoned"] is True and entry["subjects"]["appointmentid"] == id
        confirm(athena, id)
        assert self.entries(athena)[-1]["abandoned"] is False

    def entries(self, athena: Athena) -> list[dict[str, Any]]:
        return list(athena.sim("GET", "/ledger")["entries"])


class TestRefusals:
    def met(self, caller: Athena | Relatient, kind: str) -> requests.Response:
        storm(caller, kind)
        path = "/departments" if isinstance(caller, Athena) else "/campaigns"
        answer = caller.call("GET", path)
        caller.sim("DELETE", "/storm")
        return answer

    def test_athenahealths_throttles(self, athena: Athena) -> None:
        plain = self.met(athena, "throttle_429")
        assert (plain.status_code, "Retry-After" in plain.headers) == (429, False)
        timed = self.met(athena, "throttle_429_retry_after")
        assert (timed.status_code, timed.headers["Retry-After"]) == (429, "1")
        text = self.met(athena, "throttle_text_403")
        assert (text.status_code, text.text) == (403, "<h1>Developer Over Qps</h1>")
        fault = self.met(athena, "throttle_fault_json")
        assert fault.status_code == 403 and "fault" in fault.json()

    def test_relatients_throttles(self, relatient: Relatient) -> None:
        plain = self.met(relatient, "throttle_429")
        assert (plain.status_code, plain.json()["code"]) == (429, "rate_limited")
        assert "Retry-After" not in plain.headers
        timed = self.met(relatient, "throttle_429_retry_after")
        assert (timed.status_code, timed.headers["Retry-After"]) == (429, "1")
        broken = self.met(relatient, "500")
        assert broken.status_code == 500 and broken.json()["retryable"] is True

    def test_a_refused_token_is_dead_afterwards(self, athena: Athena) -> None:
        assert self.met(athena, "unauthorized_401").status_code == 401
        assert athena.call("GET", "/departments").status_code == 401
        athena.sign_in()
        assert athena.call("GET", "/departments").status_code == 200

    def test_a_soft_failure_is_a_200_and_nothing_was_done(self, athena: Athena) -> None:
        id = athena.book()
        storm(athena, "soft_failure")
        answer = confirm(athena, id)
        assert (answer.status_code, answer.json()["success"]) == (200, "false")
        assert "appointmentconfirmationid" not in athena.row(id)
        assert writes(athena) == [] and counts(athena) == {"soft_failure": 1}

    def test_garbage_was_done(self, athena: Athena) -> None:
        id = athena.book()
        storm(athena, "garbage")
        answer = confirm(athena, id)
        athena.sim("DELETE", "/storm")
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)
        assert athena.row(id)["appointmentconfirmationid"] == "2"


class TestLists:
    def test_a_cut_page_of_the_feed_is_gone(self, athena: Athena) -> None:
        athena.post("/appointments/changed/subscription")
        athena.book()
        storm(athena, "cut_page")
        answer = athena.call("GET", "/appointments/changed")
        athena.sim("DELETE", "/storm")
        assert answer.status_code == 200 and '"appointments"' in answer.text
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)
        assert athena.get("/appointments/changed")["appointments"] == []

    def test_rows_come_twice_or_in_another_order(self, athena: Athena) -> None:
        made = [athena.book() for _ in range(8)]
        query = {"startdate": "12/01/2026", "enddate": "12/05/2026"}

        def ids() -> list[str]:
            rows = athena.get("/appointments/booked", **query)["appointments"]
            return [row["appointmentid"] for row in rows]

        assert ids() == made
        storm(athena, "duplicate_rows")
        assert len(twice := ids()) > len(made) and set(twice) == set(made)
        storm(athena, "reorder_rows")
        assert (moved := ids()) != made and sorted(moved) == made

    def test_relatients_events_too(self, relatient: Relatient) -> None:
        enrollment = relatient.enroll(relatient.patient()).json()["id"]
        for text in ("C", "see you", "bye"):
            body = {"enrollment_id": enrollment, "type": "unrecognized", "text": text}
            relatient.sim("POST", "/relatient/answer", body)
        storm(relatient, "duplicate_rows", path="/events$")
        page = relatient.get("/events")
        assert len(page["events"]) > 3 and page["next_cursor"] == "3"

    def test_a_refusal_stays_what_it_is(self, athena: Athena) -> None:
        for kind in ("cut_page", "duplicate_rows"):
            storm(athena, kind)
            answer = athena.call("GET", "/appointments/changed")
            assert answer.status_code == 403 and "subscription" in answer.json()["error"]

    def test_slow_answers_are_right(self, athena: Athena) -> None:
        storm(athena, "slow")
        began = time.monotonic()
        assert athena.call("GET", "/departments").status_code == 200
        assert time.monotonic() - began > 0.19


class TestEverything:
    def test_under_a_storm_of_all_kinds_the_books_stay_whole(
        self, athena: Athena, relatient: Relatient
    ) -> None:
        """What was accepted is in the ledger, whatever the caller was told."""
        quick = [kind for kind in MAKERS if kind not in ("slow", "timeout_late")]
        share = dict.fromkeys(quick, 0.04)
        order = {"seed": 5, "share": share, "delay_seconds": 0.01}
        ids = [athena.book() for _ in range(150)]
        athena.sim("POST", "/storm", order)
        for id in ids:
            try:
                if confirm(athena, id).status_code == 401:
                    athena.sign_in()
            except (requests.ConnectionError, AssertionError, KeyError, ValueError):
                continue
        met = athena.sim("DELETE", "/storm")
        state = athena.sim("GET", "/state")
        confirmed = {
            row["appointmentid"]
            for row in state["athena"]["appointments"]
            if "appointmentconfirmationid" in row
        }
        booked = {one["subjects"]["appointmentid"] for one in state["writes"]}
        assert confirmed == booked and 30 < len(confirmed) < 150
        assert met["faults"] > 30 and len(met["counts"]) >= 10
