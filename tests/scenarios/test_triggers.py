"""The four triggers over real HTTP, judged by what the vendors hold."""

from __future__ import annotations

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.models import Attempt, Effect
from integrations.models import FeedCursor, InboundMessage
from integrations.operations import run
from tests.scenarios.clinic import Clinic


def test_a_new_appointment_is_enrolled_once(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    [enrollment] = clinic.enrollments(appointment)
    assert enrollment["status"] == "active"
    assert enrollment["campaign_id"] == "cmp_preventive_en"
    assert set(enrollment["channels_allowed"]) == {"sms", "email"}


def test_an_appointment_booked_on_the_portal_is_like_any_other(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), scheduledby="PORTAL")
    clinic.sync()
    assert len(clinic.active(appointment)) == 1


def test_a_changed_appointment_is_updated_and_told_again(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), providerid="71")
    clinic.sync()
    clinic.control(f"athena/appointments/{appointment}/change", {"providerid": "72"})
    clinic.sync()
    [enrollment] = clinic.enrollments(appointment)
    assert enrollment["appointment"]["provider_external_id"].endswith(":72")
    assert len(clinic.initial_messages(enrollment)) == 2


def test_a_moved_start_is_told_again_with_the_new_time(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(), days=3)
    clinic.sync()
    [before] = clinic.enrollments(appointment)
    clinic.control(f"athena/appointments/{appointment}/change", {"starts_at": clinic.ahead(days=4)})
    clinic.sync()
    [after] = clinic.enrollments(appointment)
    assert after["id"] == before["id"]
    assert after["appointment"]["starts_at"] != before["appointment"]["starts_at"]
    assert len(clinic.initial_messages(after)) == 2


def test_a_change_that_no_reminder_shows_causes_nothing(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    before = clinic.writes()
    clinic.control(f"athena/appointments/{appointment}/change", {"copay": 25, "notes": "parking"})
    clinic.sync()
    assert clinic.writes() == before


def test_a_confirmation_stands_in_the_chart(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.sync()
    assert str(clinic.chart(appointment)["appointmentconfirmationid"]) == "2"
    assert len(clinic.active(appointment)) == 1


def test_a_cancellation_stands_in_the_chart_and_the_waitlist_is_told(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient(firstname="Zebulon", lastname="Quillfeather"))
    clinic.sync()
    clinic.answer(appointment, "cancelled")
    clinic.sync()
    row = clinic.chart(appointment)
    assert row["appointmentstatus"] == "x"
    assert str(row["cancelreasonid"]) == "41"
    [enrollment] = clinic.enrollments(appointment)
    assert enrollment["status"] == "cancelled"
    assert enrollment["end_reason"] == "appointment_cancelled"
    [notice] = clinic.waitlist_messages()
    assert notice["to"] == "+16172530110"
    assert "Open slot" in notice["body"]
    assert "Zebulon" not in notice["body"] and "Quillfeather" not in notice["body"]


def test_a_cancellation_by_staff_ends_the_reminders(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.control(f"athena/appointments/{appointment}/cancel")
    clinic.sync()
    assert clinic.active(appointment) == []
    assert clinic.waitlist_messages() == []


def test_a_wish_to_reschedule_is_noted_on_the_schedule_once(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "reschedule_requested")
    clinic.sync()
    clinic.sync()
    notes = [n for n in clinic.chart(appointment)["notes"] if "reschedule" in n["notetext"]]
    assert len(notes) == 1


def test_synchronizing_twice_more_changes_nothing(clinic: Clinic) -> None:
    appointments = [clinic.book(clinic.patient(), days=day) for day in (2, 3, 4)]
    clinic.sync()
    clinic.answer(appointments[0], "confirmed")
    clinic.answer(appointments[1], "cancelled")
    clinic.sync()
    writes, effects, attempts = clinic.writes(), Effect.objects.count(), Attempt.objects.count()
    clinic.sync()
    clinic.sync()
    assert clinic.writes() == writes
    assert Effect.objects.count() == effects
    assert Attempt.objects.count() == attempts


def test_our_own_writes_coming_round_in_the_feed_cause_no_effect(clinic: Clinic) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, "confirmed")
    clinic.collect_and_work()
    effects = Effect.objects.count()
    assert clinic.feed_waiting() > 0, "the vendor has not echoed our write"
    report = clinic.sync()
    assert report["poll"]["seen"] > 0
    assert Effect.objects.count() == effects


def test_a_tick_that_has_polled_much_leaves_the_rest_to_the_next(clinic: Clinic) -> None:
    """What is to be sent gets its share of a tick's time, however much was read."""
    appointment = clinic.book(clinic.patient())
    FeedCursor.objects.update(next_poll_at=database_now())
    with acting_as(process="test"):
        run.tick(clinic.practice, seconds=0)
    assert clinic.feed_waiting() == 0
    assert InboundMessage.objects.get(kind="appointments_page").status == "stored"
    clinic.work()
    assert len(clinic.active(appointment)) == 1
