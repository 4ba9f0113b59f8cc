"""Idempotency keys, messages, the library and the event log of the simulated Relatient."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    STARTS_AT,
    Clock,
    Relatient,
    appointment,
    refusal,
)


@pytest.fixture
def relatient(clock: Clock) -> Iterator[Relatient]:
    with SimulatorServer(scenario="empty", clock=clock) as simulator:
        yield Relatient(simulator.url)


class TestIdempotency:
    def test_the_same_key_and_body_show_the_resource_as_it_is_now(
        self, relatient: Relatient
    ) -> None:
        body = relatient.enroll_body(relatient.patient())
        first = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert first.status_code == 201
        path = f"/enrollments/{first.json()['id']}"
        relatient.call("POST", f"{path}/cancel", {"reason": "staff"})
        again = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert (again.status_code, again.json()["status"]) == (200, "cancelled")
        assert len(relatient.sim("GET", "/state")["relatient"]["enrollments"]) == 1

    def test_another_body_under_the_same_key_is_422(self, relatient: Relatient) -> None:
        patient = relatient.patient()
        body = relatient.enroll_body(patient)
        relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        body["lead_channel"] = "email"
        answer = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert refusal(answer) == (422, "idempotency_key_reused")

    def test_a_refusal_keeps_its_key(self, relatient: Relatient) -> None:
        patient = relatient.patient(mobile_phone=None, email=None)
        body = relatient.enroll_body(patient)
        refused = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert refusal(refused) == (422, "no_reachable_channel")
        relatient.call("PATCH", f"/patients/{patient['id']}", {"email": "nova@example.org"})
        again = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert refusal(again) == (422, "no_reachable_channel")
        assert relatient.call("POST", "/enrollments", body).status_code == 201

    def test_what_comes_before_the_look_up_keeps_nothing(
        self, relatient: Relatient, clock: Clock
    ) -> None:
        body = relatient.enroll_body(relatient.patient())
        post = ("POST", "/enrollments", body)
        answer = relatient.call(*post, Idempotency_Key="one", Authorization="ApiKey wrong")
        assert answer.status_code == 401
        relatient.settings(relatient_requests_per_second=0)
        assert relatient.call(*post, Idempotency_Key="one").status_code == 429
        relatient.settings(relatient_requests_per_second=100, relatient_scopes=["patients.read"])
        assert relatient.call(*post, Idempotency_Key="one").status_code == 403
        relatient.settings(relatient_scopes=["enrollments.write"])
        assert relatient.call(*post, Idempotency_Key="one").status_code == 201

    def test_a_key_is_forgotten_after_seven_days(self, relatient: Relatient, clock: Clock) -> None:
        body = relatient.enroll_body(
            relatient.patient(), appointment=appointment(starts_at="2027-01-10T15:00:00Z")
        )
        relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        clock.advance(days=7)
        answer = relatient.call("POST", "/enrollments", body, Idempotency_Key="one")
        assert refusal(answer) == (409, "active_enrollment_exists")

    def test_a_key_is_required(self, relatient: Relatient) -> None:
        for key in ("", "x" * 256):
            answer = relatient.call("POST", "/patients", {}, Idempotency_Key=key)
            assert refusal(answer) == (400, "idempotency_key_required")


class TestMessagesAndLibrary:
    def test_a_text_to_the_practice(self, relatient: Relatient) -> None:
        body = {"to": "+16172267100", "body": "A slot is free.", "purpose": "waitlist_notice"}
        sent = relatient.call("POST", "/messages", body)
        assert sent.status_code == 202
        assert relatient.get(f"/messages/{sent.json()['id']}")["channel"] == "sms"
        wrong = relatient.call("POST", "/messages", body | {"to": "6172267100"})
        assert refusal(wrong) == (422, "invalid_phone")
        long = relatient.call("POST", "/messages", body | {"body": "x" * 321})
        assert refusal(long) == (422, "validation_failed")

    def test_a_number_that_opted_out_is_not_texted(self, relatient: Relatient) -> None:
        relatient.patient(mobile_phone="+16172267100")
        consent = {"patientid": "7001", "channel": "sms", "type": "opted_out"}
        relatient.sim("POST", "/relatient/consent", consent)
        body = {"to": "+16172267100", "body": "A slot is free.", "purpose": "waitlist_notice"}
        assert refusal(relatient.call("POST", "/messages", body)) == (422, "opted_out")

    def test_the_library_is_paged(self, relatient: Relatient) -> None:
        first = relatient.get("/campaigns?limit=4")
        rest = relatient.get(f"/campaigns?cursor={first['next_cursor']}")
        rows = {row["id"]: row for row in first["campaigns"] + rest["campaigns"]}
        assert len(rows) == 10 and rest["next_cursor"] is None
        assert rows["cmp_preventive_en"]["name"] == "Preventive Care"
        steps = [step["channel"] for step in rows["cmp_preventive_en_high"]["steps"]]
        assert "voice" in steps
        assert [row["id"] for row in rows.values() if not row["active"]] == ["cmp_flu_2019_en"]


class TestEvents:
    def enrolled(self, relatient: Relatient) -> dict[str, Any]:
        return dict(relatient.enroll(relatient.patient()).json())

    def test_a_reply_says_whose_and_about_which_time(self, relatient: Relatient) -> None:
        made = self.enrolled(relatient)
        body = {"appointmentid": "1192901", "type": "confirmed", "text": "C"}
        relatient.sim("POST", "/relatient/answer", body)
        old = body | {"type": "cancelled", "starts_at": "2026-12-01T15:00:00Z"}
        relatient.sim("POST", "/relatient/answer", old)
        first, second = relatient.get("/events")["events"]
        assert first == {
            "id": "evt_000001",
            "seq": 1,
            "type": "response.confirmed",
            "occurred_at": "2026-11-30T15:00:00Z",
            "enrollment_id": made["id"],
            "patient_external_id": "athena:195900:7001",
            "appointment_external_id": "athena:195900:1192901",
            "appointment_starts_at": STARTS_AT,
            "channel": "sms",
            "raw_text": "C",
        }
        assert second["appointment_starts_at"] == "2026-12-01T15:00:00Z"

    def test_stop_opts_out_and_ends_nothing(self, relatient: Relatient) -> None:
        made = self.enrolled(relatient)
        body = {"patientid": "7001", "channel": "sms", "type": "opted_out"}
        event = relatient.sim("POST", "/relatient/consent", body)
        assert event["type"] == "consent.opted_out"
        assert (event["patient_external_id"], event["channel"]) == ("athena:195900:7001", "sms")
        assert relatient.get(f"/enrollments/{made['id']}")["status"] == "active"

    def test_messages_fail_and_enrollments_complete(self, relatient: Relatient) -> None:
        made = self.enrolled(relatient)
        id = made["id"]
        for outcome in ("delivered", "failed"):
            relatient.sim("POST", f"/relatient/message_{outcome}", {"enrollment_id": id})
        relatient.sim("POST", f"/relatient/enrollments/{id}/complete")
        events = relatient.get("/events")["events"]
        kinds = ["message.delivered", "message.failed", "enrollment.completed"]
        assert [(one["type"], one["enrollment_id"]) for one in events] == [
            (kind, id) for kind in kinds
        ]
        message = relatient.get(f"/enrollments/{id}/messages")["messages"][0]
        assert (message["status"], message["reason"]) == ("failed", "undeliverable")

    def test_the_vendor_may_end_one_silently(self, relatient: Relatient) -> None:
        id = self.enrolled(relatient)["id"]
        relatient.sim("POST", f"/relatient/enrollments/{id}/end")
        assert relatient.get(f"/enrollments/{id}")["status"] == "cancelled"
        assert relatient.get("/events")["events"] == []

    def test_pages_go_on_from_a_cursor(self, relatient: Relatient) -> None:
        self.enrolled(relatient)
        for _ in range(3):
            answer = {"appointmentid": "1192901", "type": "confirmed"}
            relatient.sim("POST", "/relatient/answer", answer)
        page = relatient.get("/events?limit=2")
        assert ([one["seq"] for one in page["events"]], page["has_more"]) == ([1, 2], True)
        rest = relatient.get(f"/events?after={page['next_cursor']}")
        assert ([one["seq"] for one in rest["events"]], rest["has_more"]) == ([3], False)
        idle = relatient.get(f"/events?after={rest['next_cursor']}")
        assert (idle["events"], idle["next_cursor"]) == ([], rest["next_cursor"])
        assert refusal(relatient.call("GET", "/events?after=x")) == (400, "invalid_cursor")

    def test_a_cursor_expires_with_its_events(self, relatient: Relatient, clock: Clock) -> None:
        self.enrolled(relatient)
        answer = {"appointmentid": "1192901", "type": "confirmed"}
        relatient.sim("POST", "/relatient/answer", answer)
        start = relatient.get("/events?limit=1")["next_cursor"]
        relatient.sim("POST", "/relatient/answer", answer)
        clock.advance(days=7, seconds=1)
        relatient.sim("POST", "/relatient/answer", answer)
        gone = relatient.call("GET", f"/events?after={start}")
        assert refusal(gone) == (410, "cursor_expired")
        assert [one["seq"] for one in relatient.get("/events")["events"]] == [3]
        relatient.sim("POST", "/relatient/events/expire")
        assert relatient.call("GET", "/events?after=1").status_code == 410

    def test_an_event_may_be_told_twice(self, relatient: Relatient) -> None:
        self.enrolled(relatient)
        answer = {"appointmentid": "1192901", "type": "confirmed"}
        id = relatient.sim("POST", "/relatient/answer", answer)["id"]
        relatient.sim("POST", f"/relatient/events/{id}/duplicate")
        events = relatient.get("/events")["events"]
        assert [(one["id"], one["seq"]) for one in events] == [(id, 1), (id, 2)]

    def test_nonsense_is_refused(self, relatient: Relatient) -> None:
        for body in ({"appointmentid": "1", "type": "confirmed"}, {"type": "stop"}):
            answer = requests.post(f"{relatient.url}/_sim/relatient/answer", json=body)
            assert answer.status_code == 400
