"""What goes wrong at a vendor, and that nothing is lost or doubled by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Appointment, Effect, WorkItem
from integrations.models import Connection, FeedCursor
from tests.scenarios.clinic import Clinic


def settle(clinic: Clinic) -> None:
    """Let the retries run: their delays are fractions of a second here."""
    clinic.work(seconds=10)


def test_a_token_that_dies_in_mid_poll_is_renewed_once(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    issued = clinic.tokens_issued()
    clinic.fault(kind="status", status=401, path="/appointments/changed$", skip=0, times=1)
    clinic.control("tokens/revoke")
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    assert clinic.tokens_issued() - issued <= 2


def test_a_feed_page_whose_answer_is_lost_is_read_again(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.fault(kind="reset_after", path="/v1/195900/appointments/changed$", times=1)
    report = clinic.sync()
    assert report["problems"], "the lost answer should have been noticed"
    assert FeedCursor.objects.get(feed="appointments").dirty
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    assert not FeedCursor.objects.get(feed="appointments").dirty


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after"])
def test_an_enrollment_that_was_made_without_an_answer_is_not_made_twice(
    clinic: Clinic, kind: str
) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.quick_deadline()
    clinic.fault(kind=kind, method="POST", path="/relatient/v1/enrollments$", delay_seconds=8)
    clinic.sync()
    settle(clinic)
    assert len(clinic.enrollments(appointment)) == 1
    assert Effect.objects.get(kind="enroll").status == "accepted"


@pytest.mark.parametrize("answer", ["confirmed", "cancelled", "reschedule_requested"])
def test_an_answer_that_was_written_without_a_reply_is_not_written_twice(
    clinic: Clinic, answer: str
) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, answer)
    clinic.fault(
        kind="reset_after", method="*", path="(confirmationstatus|cancel|notes)$", times=1, skip=0
    )
    clinic.sync()
    settle(clinic)
    assert len(clinic.chart_writes(appointment)) == 1


def test_a_cancellation_that_was_answered_needs_no_note_in_the_row(clinic: Clinic) -> None:
    """athenahealth does not promise to show the note, and with it our marker."""
    clinic.control("settings", {"notes_in_rows": False})
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    clinic.sync()
    assert Effect.objects.get(kind="cancel_appointment").status == "accepted"
    assert len(clinic.chart_writes(appointment)) == 1
    assert len(clinic.waitlist_messages()) == 1
    assert not WorkItem.objects.filter(kind="chart_write_failed").exists()


def test_nor_one_that_could_not_be_read_back_at_first(clinic: Clinic) -> None:
    clinic.control("settings", {"notes_in_rows": False})
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    # The read before the write goes through, the one after it does not.
    clinic.fault(
        kind="status", status=500, method="GET", path=f"appointments/{appointment}$", skip=1
    )
    clinic.collect_and_work()
    settle(clinic)
    assert Effect.objects.get(kind="cancel_appointment").status == "accepted"
    assert len(clinic.chart_writes(appointment)) == 1
    assert len(clinic.waitlist_messages()) == 1


def test_where_the_answer_was_lost_and_the_row_shows_no_note_a_person_looks(
    clinic: Clinic,
) -> None:
    """Anybody with an API key may have cancelled it for the same reason."""
    clinic.control("settings", {"notes_in_rows": False})
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    clinic.fault(kind="reset_after", method="PUT", path="cancel$", times=1)
    clinic.sync()
    settle(clinic)
    assert Effect.objects.get(kind="cancel_appointment").code == "changed_by_others"
    assert len(clinic.chart_writes(appointment)) == 1
    assert WorkItem.objects.filter(kind="chart_write_failed", closed_at=None).exists()


def test_a_throttled_enrollment_waits_as_long_as_it_was_asked_to(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.fault(
        kind="status",
        status=429,
        method="POST",
        path="/relatient/v1/enrollments$",
        headers={"Retry-After": "4"},
    )
    clinic.poll_and_work()
    assert clinic.enrollments(appointment) == []
    row = Appointment.objects.get(external_id=appointment)
    assert row.coverage_code == "waiting_to_retry"
    settle(clinic)
    assert len(clinic.active(appointment)) == 1


def test_a_refused_chart_write_names_the_fix_and_can_be_tried_again(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.fault(
        kind="status",
        status=403,
        method="PUT",
        path="confirmationstatus$",
        headers={"Content-Type": "application/json"},
        body='{"error": "You do not have access to this resource."}',
    )
    clinic.sync()
    effect = Effect.objects.get(kind="write_confirmation")
    assert effect.status == "rejected"
    assert "athenahealth" in effect.sentence and "ask" in effect.sentence.lower()
    assert Connection.objects.get(vendor="athenahealth").write_access == "refused"
    item = WorkItem.objects.get(kind="chart_write_failed")
    assert effect.sentence[:40] in item.sentence
    clinic.try_again(effect)
    clinic.sync()
    assert str(clinic.chart(appointment)["appointmentconfirmationid"]) == "2"


def test_a_lost_subscription_heals_itself_and_the_gap_is_read(clinic: Clinic) -> None:
    clinic.sync()
    clinic.unsubscribe()
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    assert len(clinic.active(appointment)) == 1
    later = clinic.book(clinic.patient())
    clinic.sync()
    assert len(clinic.active(later)) == 1


def test_a_row_that_makes_no_sense_is_parked_and_the_others_go_on(clinic: Clinic) -> None:
    odd = clinic.book(clinic.patient())
    clinic.control(f"athena/appointments/{odd}/change", {"appointmentstatus": "q"})
    good = clinic.book(clinic.patient())
    report = clinic.sync()
    assert report["poll"]["errors"] == 1
    assert len(clinic.active(good)) == 1


def test_wrong_credentials_pause_the_connection_and_lose_nothing(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.control("settings", {"relatient_api_key": "another-key"})
    clinic.poll_and_work()
    relatient = Connection.objects.get(vendor="relatient")
    assert relatient.is_paused and "RELATIENT_API_KEY" in relatient.paused_reason
    row = Appointment.objects.get(external_id=appointment)
    assert row.coverage_code == "credentials_rejected"
    clinic.control("settings", {"relatient_api_key": "demo-relatient-key"})
    clinic.resume("relatient")
    settle(clinic)
    assert len(clinic.active(appointment)) == 1


def test_a_window_torn_before_the_subscription_was_lost_is_part_of_the_gap(clinic: Clinic) -> None:
    torn = datetime.now(UTC) - timedelta(hours=10)
    FeedCursor.objects.filter(feed="appointments").update(dirty=True, window_start=torn)
    clinic.control("settings", {"subscription_delay_seconds": 600})
    clinic.unsubscribe()
    clinic.poll_and_work()
    assert FeedCursor.objects.get(feed="appointments").backfill_from == torn
