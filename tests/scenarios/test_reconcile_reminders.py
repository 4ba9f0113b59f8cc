"""Enrollments made, changed or ended at Relatient by somebody else, and requests that came late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from campaigns.domain.values import WorkItemKind
from campaigns.models import Appointment, Effect, Enrollment, WorkItem
from tests.integration.command_room import answered
from tests.scenarios.clinic import JSON, PRACTICE, Clinic


def reconciled() -> JSON:
    """The command's JSON."""
    report, _ = answered("reconcile")
    return report


def enroll_by_hand(clinic: Clinic, appointment: str, practice: str = PRACTICE) -> str:
    """Somebody enrolls a visit of the first patient at Relatient; the new enrollment's id."""
    body = {
        "patient_id": clinic.state()["relatient"]["patients"][0]["id"],
        "campaign_id": "cmp_preventive_en",
        "lead_channel": "sms",
        "channels_allowed": ["sms"],
        "appointment": {
            "external_id": f"athena:{practice}:{appointment}",
            "starts_at": clinic.ahead(days=2),
            "time_zone": "America/New_York",
            "provider_external_id": f"athena:{practice}:71",
        },
    }
    key = f"by-hand-{appointment}"
    headers = {"Authorization": "ApiKey demo-relatient-key", "Idempotency-Key": key}
    url = f"{clinic.url}/relatient/v1/enrollments"
    reply = requests.post(url, json=body, headers=headers, timeout=10)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def items(appointment: str, kind: WorkItemKind = WorkItemKind.ENROLLED_ELSEWHERE) -> int:
    """Open work items of a kind."""
    return WorkItem.objects.filter(
        appointment__external_id=appointment, kind=kind, closed_at__isnull=True
    ).count()


def test_an_enrollment_ended_by_hand_becomes_a_work_item(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [row] = clinic.active(appointment)
    clinic.control(f"relatient/enrollments/{row['id']}/end")
    clinic.sync()
    assert items(appointment, WorkItemKind.ENDED_ELSEWHERE) == 0
    report, status = answered("reconcile")
    assert (report["drift"], report["repaired"], report["by_hand"], status) == (1, 1, 1, 1)
    assert report["found"] == {"enrollments_not_listed": 1}
    assert items(appointment, WorkItemKind.ENDED_ELSEWHERE) == 1
    assert Appointment.objects.get().coverage_code == "ended_elsewhere"
    assert len(clinic.enrollments(appointment)) == 1
    assert reconciled()["drift"] == 0


def test_a_completion_that_nobody_told_of_is_no_end_by_hand(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [row] = clinic.active(appointment)
    clinic.control(f"relatient/enrollments/{row['id']}/end", {"status": "completed"})
    report, status = answered("reconcile")
    assert (report["drift"], report["repaired"], status) == (1, 1, 0)
    assert Enrollment.objects.get().status == "completed"
    assert Appointment.objects.get().coverage_code == "enrolled"
    assert len(clinic.enrollments(appointment)) == 1


def test_details_changed_by_hand_are_put_right(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [before] = clinic.active(appointment)
    with clinic.simulator.simulation.lock:
        held = clinic.simulator.simulation.relatient.store.enrollments[before["id"]]
        held["recipient"] = {**held["recipient"], "mobile_phone": "+12125550199"}
    report = reconciled()
    assert (report["found"], report["repaired"]) == ({"enrollments_changed": 1}, 1)
    [after] = clinic.active(appointment)
    assert after["recipient"] == before["recipient"]
    assert len(clinic.initial_messages(after)) == 1


def test_spelling_alone_is_no_difference(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [row] = clinic.active(appointment)
    with clinic.simulator.simulation.lock:
        held = clinic.simulator.simulation.relatient.store.enrollments[row["id"]]
        visit, recipient = held["appointment"], held["recipient"]
        visit["type_name"] = f" {visit['type_name'].upper()} "
        recipient["email"] = recipient["email"].upper()
        recipient["mobile_phone"] = recipient["mobile_phone"].removeprefix("+1")
    before = clinic.writes()
    assert reconciled()["drift"] == 0
    assert clinic.writes() == before


def excluded(clinic: Clinic) -> str:
    """A visit that no rule enrolls, of a patient whom Relatient knows."""
    patient = clinic.patient()
    clinic.book(patient, days=4)
    appointment = clinic.book(patient, days=2, appointmenttypeid="85")
    clinic.sync()
    assert Appointment.objects.get(external_id=appointment).coverage_code == "no_rule"
    return appointment


def test_an_enrollment_made_by_hand_is_taken_over(clinic: Clinic) -> None:
    """Or one whose request arrived after Kept had given up: nobody can tell the two apart."""
    appointment = clinic.book(clinic.patient(), days=2)
    clinic.sync()
    [row] = clinic.active(appointment)
    clinic.control(f"relatient/enrollments/{row['id']}/end")
    reconciled()
    made = enroll_by_hand(clinic, appointment)
    report, status = answered("reconcile")
    assert (report["found"], report["repaired"]) == ({"enrolled_elsewhere": 1}, 1)
    assert (report["by_hand"], status) == (1, 1)
    [active] = clinic.active(appointment)
    assert active["id"] == made
    assert active["appointment"]["provider_name"] == row["appointment"]["provider_name"]
    assert items(appointment) == 1
    assert Appointment.objects.get().coverage_code == "enrolled"
    before = clinic.writes()
    assert reconciled()["drift"] == 0
    assert (clinic.writes(), items(appointment)) == (before, 1)


def test_an_enrollment_made_by_hand_that_no_rule_wants_is_ended(clinic: Clinic) -> None:
    appointment = excluded(clinic)
    enroll_by_hand(clinic, appointment)
    report = reconciled()
    assert report["found"] == {"enrolled_elsewhere": 1}
    assert clinic.active(appointment) == []
    assert items(appointment) == 1


def test_an_enrollment_for_a_visit_that_kept_never_heard_of(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.book(patient, days=4)
    clinic.sync()
    appointment = clinic.book(patient, days=90)
    clinic.drop_from_feed(appointment)
    # Relatient has the visit on a day that is compared, athenahealth on another.
    made = enroll_by_hand(clinic, appointment)
    report = reconciled()
    assert report["found"] == {"enrolled_elsewhere": 1}
    [active] = clinic.active(appointment)
    assert active["id"] == made
    assert active["appointment"]["starts_at"].startswith(clinic.ahead(days=90)[:13])


def test_an_enrollment_for_a_visit_that_does_not_exist_is_named(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    clinic.sync()
    made = enroll_by_hand(clinic, "99999")
    report, status = answered("reconcile")
    assert (report["found"], report["repaired"], status) == ({"unknown_visits": 1}, 0, 1)
    assert {row["id"]: row["status"] for row in clinic.enrollments()}[made] == "active"


def test_enrollments_of_another_practice_are_left_alone(clinic: Clinic) -> None:
    clinic.book(clinic.patient())
    clinic.sync()
    enroll_by_hand(clinic, "77", practice="2000")
    before = clinic.writes()
    assert reconciled()["drift"] == 0
    assert clinic.writes() == before


def test_a_second_active_enrollment_is_ended(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [first] = clinic.active(appointment)
    clinic.control("settings", {"one_active_enrollment": False})
    second = enroll_by_hand(clinic, appointment)
    report = reconciled()
    assert (report["found"], report["repaired"]) == ({"second_enrollments": 1}, 1)
    assert [row["id"] for row in clinic.active(appointment)] == [first["id"]]
    [ended] = [row for row in clinic.enrollments(appointment) if row["id"] == second]
    assert ended["end_reason"] == "superseded"
    assert items(appointment) == 1
    assert reconciled()["drift"] == 0


def test_one_ended_and_made_anew_by_hand_is_not_taken_for_a_second(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [first] = clinic.active(appointment)
    clinic.control(f"relatient/enrollments/{first['id']}/end")
    second = enroll_by_hand(clinic, appointment)
    report = reconciled()
    assert report["found"] == {"enrollments_not_listed": 1, "enrolled_elsewhere": 1}
    assert report["repaired"] == 2
    assert [row["id"] for row in clinic.active(appointment)] == [second]
    assert Appointment.objects.get().coverage_code == "enrolled"


def test_what_is_being_enrolled_settles_by_its_own_key(clinic: Clinic) -> None:
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/relatient/v1/enrollments$")
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    assert Enrollment.objects.get().status == "enrolling"
    assert len(clinic.active(appointment)) == 1
    assert reconciled()["drift"] == 0
    assert Enrollment.objects.count() == 1
    Effect.objects.filter(kind="enroll").update(next_attempt_at=datetime.now(UTC))
    clinic.work()
    assert Enrollment.objects.get().status == "active"
    assert len(clinic.enrollments(appointment)) == 1


def test_after_lost_events_every_enrollment_is_read_again(clinic: Clinic) -> None:
    over, going_on = (clinic.book(clinic.patient(), days=2) for _ in range(2))
    clinic.sync()
    # An event, so that there is a cursor that can become too old.
    clinic.answer(going_on, "confirmed")
    clinic.collect_and_work()
    [row] = clinic.active(over)
    clinic.control(f"relatient/enrollments/{row['id']}/complete")
    clinic.control("relatient/events/expire")
    before = clinic.writes()
    clinic.collect_and_work()
    assert Enrollment.objects.get(vendor_id=row["id"]).status == "completed"
    assert Enrollment.objects.get(appointment__external_id=going_on).status == "active"
    assert not Enrollment.objects.filter(reread_wanted=True).exists()
    assert Effect.objects.filter(kind="read_enrollment", status="accepted").count() == 2
    assert clinic.writes() == before


def test_more_than_one_page_of_enrollments(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.relatient.vendor.ENROLLMENT_PAGE", 2)
    for _ in range(5):
        clinic.book(clinic.patient(), days=3)
    clinic.sync()
    rows = clinic.enrollments()
    clinic.control(f"relatient/enrollments/{rows[0]['id']}/end")
    report = reconciled()
    assert (report["found"], report["checked"]) == ({"enrollments_not_listed": 1}, 5 + 4)


def test_an_odd_row_does_not_hide_the_others(clinic: Clinic) -> None:
    odd, ended = (clinic.book(clinic.patient()) for _ in range(2))
    clinic.sync()
    [row] = clinic.active(odd)
    with clinic.simulator.simulation.lock:
        held = clinic.simulator.simulation.relatient.store.enrollments[row["id"]]
        held["lead_channel"] = None
    [gone] = clinic.active(ended)
    clinic.control(f"relatient/enrollments/{gone['id']}/end")
    report, status = answered("reconcile")
    # The odd one stays in doubt, and is named; the other is settled.
    assert (report["found"], report["repaired"]) == ({"enrollments_not_listed": 2}, 1)
    assert status == 1
    assert items(ended, WorkItemKind.ENDED_ELSEWHERE) == 1
