"""Relatient's front door, patients and enrollments: the simulator keeps the assumed contract."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    Clock,
    Relatient,
    appointment,
    refusal,
)


@pytest.fixture
def relatient(clock: Clock) -> Iterator[Relatient]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        yield Relatient(simulator.url)


class TestFrontDoor:
    def test_ping_names_the_scopes(self, relatient: Relatient) -> None:
        assert "enrollments.write" in relatient.get("/ping")["scopes"]

    def test_a_wrong_key_is_401(self, relatient: Relatient) -> None:
        answer = relatient.call("GET", "/ping", Authorization="Bearer demo-relatient-key")
        assert refusal(answer) == (401, "invalid_api_key")

    def test_every_reply_carries_a_request_id_and_what_is_left(self, relatient: Relatient) -> None:
        answer = relatient.call("GET", "/nothing")
        assert refusal(answer) == (404, "not_found")
        assert answer.headers["X-Request-Id"] == answer.json()["request_id"]
        assert answer.headers["RateLimit-Remaining"] == "99"
        assert refusal(relatient.call("DELETE", "/patients")) == (405, "method_not_allowed")

    def test_too_many_in_a_second_are_429(self, relatient: Relatient, clock: Clock) -> None:
        relatient.settings(relatient_requests_per_second=10)
        codes = [relatient.call("GET", "/ping").status_code for _ in range(11)]
        assert codes == [200] * 10 + [429]
        answer = relatient.call("GET", "/ping")
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["retryable"] is True
        clock.advance(seconds=1)
        assert relatient.call("GET", "/ping").status_code == 200

    def test_a_missing_scope_is_403(self, relatient: Relatient) -> None:
        relatient.settings(relatient_scopes=["patients.read"])
        body = {"external_id": "athena:195900:7001"}
        assert refusal(relatient.call("POST", "/patients", body)) == (403, "missing_scope")

    def test_a_body_that_is_no_object_is_refused(self, relatient: Relatient) -> None:
        assert refusal(relatient.call("POST", "/patients", [1])) == (400, "invalid_json")


class TestPatients:
    def test_look_up_by_the_source_systems_id(self, relatient: Relatient) -> None:
        path = "/patients?external_id=athena:195900:7001"
        assert refusal(relatient.call("GET", path)) == (404, "patient_not_found")
        made = relatient.patient()
        assert made["language"] == "en" and made["consents"] == {}
        assert relatient.get(path) == made
        relatient.sim("POST", "/relatient/patients", {"external_id": "athena:195900:7001"})
        assert refusal(relatient.call("GET", path)) == (409, "ambiguous")

    def test_an_existing_patient_is_returned_unchanged_or_409(self, relatient: Relatient) -> None:
        made = relatient.patient()
        answer = relatient.call("POST", "/patients", {"external_id": made["external_id"]})
        assert (answer.status_code, answer.json()) == (200, made)
        relatient.settings(existing_patient_status=409)
        answer = relatient.call("POST", "/patients", {"external_id": made["external_id"]})
        assert refusal(answer) == (409, "already_exists")
        assert answer.json()["existing_id"] == made["id"]

    def test_an_update_minds_the_etag(self, relatient: Relatient) -> None:
        made = relatient.patient()
        path, change = f"/patients/{made['id']}", {"language": "es"}
        answer = relatient.call("PATCH", path, change, If_Match=made["etag"])
        assert answer.json()["language"] == "es"
        assert answer.json()["etag"] != made["etag"]
        stale = relatient.call("PATCH", path, change, If_Match=made["etag"])
        assert refusal(stale) == (412, "etag_mismatch")
        assert relatient.call("PATCH", "/patients/pat_9", change).status_code == 404

    @pytest.mark.parametrize(
        "fields",
        [{"mobile_phone": "617-226-7001"}, {"email": "nowhere"}, {"date_of_birth": "01/02/1980"}],
    )
    def test_malformed_fields_are_named(self, relatient: Relatient, fields: dict[str, str]) -> None:
        answer = relatient.call("POST", "/patients", {"external_id": "a:b:1", **fields})
        assert refusal(answer) == (422, "validation_failed")
        assert answer.json()["field_errors"][0]["field"] in fields

    def test_a_consent_is_recorded(self, relatient: Relatient) -> None:
        made = relatient.patient()
        path = f"/patients/{made['id']}/consents"
        body = {"state": "opted_out", "source": "athenahealth", "at": "2026-11-30T15:00:00Z"}
        assert relatient.call("PUT", f"{path}/sms", body).json()["consents"] == {"sms": "opted_out"}
        assert relatient.call("PUT", f"{path}/fax", body).status_code == 422
        assert relatient.call("PUT", f"{path}/sms", {"state": "maybe"}).status_code == 422


class TestEnrolling:
    def test_an_enrollment_is_active_and_its_first_message_sent(self, relatient: Relatient) -> None:
        answer = relatient.enroll(relatient.patient())
        assert answer.status_code == 201
        made = answer.json()
        assert (made["status"], made["created_at"]) == ("active", "2026-11-30T15:00:00Z")
        assert made["ended_at"] is None and "history" not in made
        messages = relatient.get(f"/enrollments/{made['id']}/messages")["messages"]
        assert [(one["step"], one["channel"]) for one in messages] == [("initial", "sms")]
        state = relatient.sim("GET", "/state")["relatient"]["enrollments"]
        assert state[0]["history"] == [["active", "2026-11-30T15:00:00Z"]]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"patient_id": "pat_9"}, (404, "patient_not_found")),
            ({"campaign_id": "cmp_nothing"}, (404, "campaign_not_found")),
            ({"campaign_id": "cmp_flu_2019_en"}, (422, "campaign_inactive")),
            ({"appointment": appointment(provider_external_id="")}, (422, "provider_required")),
            (
                {"appointment": appointment(starts_at="2026-11-30T15:00:00Z")},
                (422, "appointment_in_past"),
            ),
            ({"appointment": appointment(time_zone="Mars/Base")}, (422, "validation_failed")),
            ({"lead_channel": "voice"}, (422, "validation_failed")),
            ({"channels_allowed": []}, (422, "validation_failed")),
            ({"recipient": {"kind": "guardian", "name": "G"}}, (422, "no_reachable_channel")),
            (
                {"lead_channel": "voice", "channels_allowed": ["voice"]},
                (422, "no_reachable_channel"),
            ),
        ],
    )
    def test_refusals(
        self, relatient: Relatient, fields: dict[str, Any], expected: tuple[int, str]
    ) -> None:
        assert refusal(relatient.enroll(relatient.patient(), **fields)) == expected

    def test_opted_out_means_every_allowed_channel(self, relatient: Relatient) -> None:
        patient = relatient.patient()
        for channel, expected in [("sms", 201), ("email", 422)]:
            body = {"patientid": "7001", "channel": channel, "type": "opted_out"}
            relatient.sim("POST", "/relatient/consent", body)
            answer = relatient.enroll(patient, appointment=appointment(channel))
            assert answer.status_code == expected
        assert refusal(answer) == (422, "opted_out")

    def test_a_guardian_is_reached_on_the_guardians_contacts(self, relatient: Relatient) -> None:
        child = relatient.patient(mobile_phone=None, email=None)
        guardian = {"kind": "guardian", "mobile_phone": "+16172267009"}
        assert relatient.enroll(child, recipient=guardian).status_code == 201

    def test_one_appointment_has_one_active_enrollment(self, relatient: Relatient) -> None:
        patient = relatient.patient()
        first = relatient.enroll(patient).json()
        second = relatient.enroll(patient)
        assert refusal(second) == (409, "active_enrollment_exists")
        assert second.json()["existing_id"] == first["id"]
        assert relatient.enroll(patient, appointment=appointment("2")).status_code == 201
        relatient.settings(one_active_enrollment=False)
        assert relatient.enroll(patient).status_code == 201


class TestEnrollment:
    def test_an_update_replaces_the_details_and_sends_nothing(self, relatient: Relatient) -> None:
        made = relatient.enroll(relatient.patient()).json()
        path = f"/enrollments/{made['id']}"
        moved = appointment(starts_at="2026-12-04T15:30:00Z")
        answer = relatient.call("PATCH", path, {"appointment": moved})
        assert answer.json()["appointment"] == moved
        assert answer.json()["channels_allowed"] == ["sms", "email"]
        assert len(relatient.get(f"{path}/messages")["messages"]) == 1

    def test_an_update_is_refused_like_an_enrollment(self, relatient: Relatient) -> None:
        made = relatient.enroll(relatient.patient()).json()
        path = f"/enrollments/{made['id']}"
        past = {"appointment": appointment(starts_at="2026-11-01T15:30:00Z")}
        assert refusal(relatient.call("PATCH", path, past)) == (422, "appointment_in_past")
        nobody = {"appointment": appointment(), "recipient": {"kind": "guardian"}}
        assert refusal(relatient.call("PATCH", path, nobody)) == (422, "no_reachable_channel")
        assert relatient.get(path) == made
        relatient.call("POST", f"{path}/cancel", {"reason": "staff"})
        answer = relatient.call("PATCH", path, {"appointment": appointment()})
        assert refusal(answer) == (409, "not_active")

    def test_ending_twice_is_ending_once(self, relatient: Relatient, clock: Clock) -> None:
        made = relatient.enroll(relatient.patient()).json()
        path = f"/enrollments/{made['id']}/cancel"
        assert relatient.call("POST", path, {"reason": "because"}).status_code == 422
        first = relatient.call("POST", path, {"reason": "staff"})
        clock.advance(minutes=1)
        second = relatient.call("POST", path, {"reason": "superseded"})
        assert first.json() == second.json()
        assert first.json()["ended_at"] == "2026-11-30T15:00:00Z"
        writes = relatient.sim("GET", "/state")["writes"]
        assert [one["path"] for one in writes].count("/relatient/v1/enrollments/<id>/cancel") == 1

    def test_a_completed_enrollment_stays_completed(self, relatient: Relatient) -> None:
        made = relatient.enroll(relatient.patient()).json()
        relatient.sim("POST", f"/relatient/enrollments/{made['id']}/complete")
        answer = relatient.call(
            "POST", f"/enrollments/{made['id']}/cancel", {"reason": "not_eligible"}
        )
        assert answer.json()["status"] == "completed"

    def test_a_resend_sends_once_per_key(self, relatient: Relatient) -> None:
        made = relatient.enroll(relatient.patient()).json()
        path = f"/enrollments/{made['id']}"
        for _ in range(2):
            answer = relatient.call(
                "POST", f"{path}/resend", {"step": "initial"}, Idempotency_Key="resend"
            )
            assert answer.status_code == 202
        assert len(relatient.get(f"{path}/messages")["messages"]) == 2
        relatient.call("POST", f"{path}/cancel", {"reason": "staff"})
        answer = relatient.call("POST", f"{path}/resend", {"step": "initial"})
        assert refusal(answer) == (409, "not_active")

    def test_lists_by_patient_and_by_status(self, relatient: Relatient) -> None:
        patient = relatient.patient()
        ids = [
            relatient.enroll(patient, appointment=appointment(str(number))).json()["id"]
            for number in range(3)
        ]
        relatient.call("POST", f"/enrollments/{ids[0]}/cancel", {"reason": "staff"})
        mine = relatient.get(f"/patients/{patient['id']}/enrollments")["enrollments"]
        assert [one["id"] for one in mine] == ids[::-1]
        active = relatient.get(f"/patients/{patient['id']}/enrollments?status=active")
        assert [one["id"] for one in active["enrollments"]] == ids[:0:-1]
        page = relatient.get("/enrollments?status=active&limit=1")
        assert [one["id"] for one in page["enrollments"]] == ids[1:2]
        rest = relatient.get(f"/enrollments?status=active&cursor={page['next_cursor']}")
        assert [one["id"] for one in rest["enrollments"]] == ids[2:]
        assert rest["next_cursor"] is None
        assert relatient.call("GET", "/enrollments").status_code == 422
