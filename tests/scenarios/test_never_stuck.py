"""Nothing stays stuck: what once stopped the loop, or left a visit waiting for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Appointment, Effect, Enrollment, WorkItem
from integrations.athenahealth import translate as athena
from integrations.inbox.claim import MOST_ATTEMPTS
from integrations.models import InboundMessage, RequestBudget
from integrations.relatient import translate
from tests.scenarios.clinic import Clinic


def coverage(appointment: str) -> str:
    """What the ledger says."""
    return Appointment.objects.get(external_id=appointment).coverage_code


def waiting_is_over() -> None:
    """The pauses that vendors asked for have passed."""
    RequestBudget.objects.update(blocked_until=None)
    past = datetime.now(UTC) - timedelta(seconds=1)
    Effect.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=past)


def test_an_impossible_value_in_one_row_does_not_keep_the_others_out(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = clinic.book(clinic.patient())
    understood = athena.appointment

    def defective(row: dict) -> object:
        if str(row["appointmentid"]) == odd:
            raise ZeroDivisionError
        return understood(row)

    monkeypatch.setattr(athena, "appointment", defective)
    good = clinic.book(clinic.patient())
    report = clinic.sync()
    assert report["poll"]["errors"] == 1
    assert len(clinic.active(good)) == 1
    [parked] = InboundMessage.objects.filter(status="parked")
    assert parked.kind == "row" and "operator" in parked.problem


def test_a_negative_duration_is_no_reason_to_stop(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), duration=-15)
    clinic.sync()
    assert len(clinic.active(appointment)) == 1


def test_a_subscription_heals_although_the_first_try_failed(clinic: Clinic) -> None:
    clinic.sync()
    clinic.unsubscribe()
    clinic.fault(kind="status", status=503, method="POST", path="/changed/subscription$")
    appointment = clinic.book(clinic.patient())
    for _ in range(3):
        clinic.sync()
    assert len(clinic.active(appointment)) == 1


def test_a_visit_rescheduled_while_its_enrollment_was_queued_is_enrolled(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.book(patient, days=2)
    clinic.sync()
    clinic.fault(
        kind="status",
        status=429,
        method="POST",
        path="/relatient/v1/enrollments$",
        headers={"Retry-After": "3600"},
    )
    old = clinic.book(patient, days=3)
    clinic.poll_and_work()
    new = clinic.control(
        f"athena/appointments/{old}/reschedule", {"starts_at": clinic.ahead(days=5)}
    )["newappointmentid"]
    waiting_is_over()
    clinic.sync()
    assert clinic.enrollments(old) == []
    assert len(clinic.active(new)) == 1


def test_a_field_that_the_vendor_respells_is_not_asked_for_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    respelled = translate._recipient

    def lowered(recipient: object) -> object:
        body = respelled(recipient)
        return {**body, "email": (body["email"] or "").lower() or None}

    monkeypatch.setattr(translate, "_recipient", lowered)
    clinic.book(clinic.patient(email="Nova.Exemplar@Example.org"))
    clinic.sync()
    assert not Effect.objects.filter(kind__in=["update_enrollment", "resend"]).exists()


def test_an_opt_out_of_somebody_not_known_yet_counts_when_they_are_booked(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.known_to_relatient(patient)
    clinic.consent(patient, "sms", "opted_out")
    clinic.sync()
    appointment = clinic.book(patient)
    clinic.sync()
    assert [row["channels_allowed"] for row in clinic.active(appointment)] == [["email"]]


def test_a_refusal_from_elsewhere_does_not_settle_an_unknown_enrollment(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    path = "/relatient/v1/enrollments$"
    clinic.fault(kind="reset_after", method="POST", path=path)
    clinic.fault(
        kind="status", status=302, method="POST", path=path, headers={"Location": "/elsewhere"}
    )
    clinic.sync()
    clinic.work(seconds=3)
    clinic.control(f"athena/appointments/{appointment}/cancel")
    clinic.sync()
    assert len(clinic.enrollments(appointment)) == 1
    assert clinic.active(appointment) == []


def test_a_resend_of_long_ago_is_looked_for_before_it_is_repeated(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=40)
    clinic.sync()
    change = {"starts_at": clinic.ahead(days=41)}
    clinic.control(f"athena/appointments/{appointment}/change", change)
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/resend$")
    clinic.sync()
    effect = Effect.objects.get(kind="resend")
    long_ago = datetime.now(UTC) - timedelta(days=8)
    Effect.objects.filter(pk=effect.pk).update(
        status="parked", next_attempt_at=None, first_attempt_at=long_ago
    )
    clinic.forget_idempotency_keys()
    clinic.try_again(Effect.objects.get(pk=effect.pk))
    clinic.work()
    [enrollment] = clinic.enrollments(appointment)
    assert len(clinic.initial_messages(enrollment)) == 2
    assert Effect.objects.get(pk=effect.pk).status == "accepted"


def test_a_write_that_was_throttled_for_hours_is_still_asked_about(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.fault(kind="status", status=429, method="PUT", path="confirmationstatus$")
    clinic.collect_and_work()
    hours_ago = datetime.now(UTC) - timedelta(hours=5)
    Effect.objects.filter(kind="write_confirmation").update(first_attempt_at=hours_ago)
    waiting_is_over()
    clinic.fault(kind="reset_before", method="PUT", path="confirmationstatus$")
    clinic.work(seconds=5)
    assert Effect.objects.get(kind="write_confirmation").status == "accepted"


def test_a_cancellation_behind_a_stuck_write_goes_to_the_desk(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.slow_retries()
    clinic.fault(kind="reset_before", method="PUT", path="confirmationstatus$")
    clinic.collect_and_work()
    Effect.objects.filter(kind="write_confirmation").update(status="parked", next_attempt_at=None)
    clinic.answer(appointment, "cancelled")
    clinic.sync()
    assert WorkItem.objects.filter(response__kind="cancelled", closed_at=None).exists()


def test_a_slot_is_not_offered_when_it_is_too_late(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=1)
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    clinic.slow_retries()
    clinic.fault(kind="status", status=429, method="POST", path="/relatient/v1/messages$")
    clinic.collect_and_work()
    soon = datetime.now(UTC) + timedelta(hours=1)
    for effect in Effect.objects.filter(kind="waitlist_notice"):
        effect.body = {**effect.body, "starts_at": soon.isoformat()}
        effect.save(update_fields=["body"])
    waiting_is_over()
    clinic.sync_effects_only()
    assert clinic.waitlist_messages() == []


def test_a_refused_update_is_not_shown_as_enrolled(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=3)
    clinic.sync()
    change = {"starts_at": clinic.ahead(days=4)}
    clinic.control(f"athena/appointments/{appointment}/change", change)
    clinic.refuse("PATCH", "/relatient/v1/enrollments/", 422, "campaign_inactive")
    clinic.sync()
    assert coverage(appointment) == "campaign_inactive"


def test_a_patient_changed_at_the_same_moment_is_looked_up_again(clinic: Clinic) -> None:
    patient = clinic.patient()
    appointment = clinic.book(patient)
    clinic.sync()
    clinic.control(f"athena/patients/{patient}", {"lastname": "Otherwise"})
    clinic.refuse("PATCH", "/relatient/v1/patients/", 412, "precondition_failed")
    clinic.sync()
    clinic.work(seconds=5)
    assert coverage(appointment) == "enrolled"
    assert clinic.state()["relatient"]["patients"][0]["last_name"] == "Otherwise"


def test_a_refusal_for_a_visit_that_is_over_needs_nobody_any_more(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.refuse("POST", "/relatient/v1/enrollments$", 422, "no_reachable_channel")
    assert clinic.sync()["work"]["parked"] == 1
    clinic.control(f"athena/appointments/{appointment}/cancel")
    assert clinic.sync()["work"]["parked"] == 0


def test_a_message_that_failed_before_the_enrollment_was_known_reaches_the_desk(
    clinic: Clinic,
) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/relatient/v1/enrollments$")
    clinic.poll_and_work()
    [made] = clinic.enrollments(appointment)
    clinic.control("relatient/message_failed", {"enrollment_id": made["id"]})
    clinic.collect_and_work()
    # However long it takes until the outcome is known.
    for _ in range(MOST_ATTEMPTS):
        InboundMessage.objects.filter(status="stored").update(lease_until=None)
        clinic.work()
    waiting_is_over()
    clinic.work()
    InboundMessage.objects.filter(status="stored").update(lease_until=None)
    clinic.work()
    assert Enrollment.objects.get().status == "active"
    assert WorkItem.objects.filter(kind="message_failed").exists()
