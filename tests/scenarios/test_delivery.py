"""What became of a message: one that failed is told to the desk, whatever the channel."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Enrollment, WorkItem
from campaigns.work_items import close_work_item
from integrations.models import InboundMessage
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic

# How to make a channel lead: only a patient at risk gets a campaign with calls.
LEADS: dict[str, dict[str, Any]] = {
    "sms": {"contactpreference_appointment_sms": True},
    "email": {"contactpreference_appointment_email": True},
    "voice": {"contactpreference_appointment_phone": True},
}
WORDS = {"sms": "text", "email": "email", "voice": "call"}


def enrolled(clinic: Clinic, channel: str = "sms") -> dict[str, Any]:
    """An enrollment whose first message went out on this channel."""
    patient = clinic.patient(**LEADS[channel])
    if channel == "voice":
        missed = clinic.book(patient, days=-30)
        clinic.control(f"athena/appointments/{missed}/noshow")
    appointment = clinic.book(patient)
    clinic.sync()
    [enrollment] = clinic.active(appointment)
    [message] = clinic.initial_messages(enrollment)
    assert message["channel"] == channel
    return enrollment


def failed(clinic: Clinic, enrollment: dict[str, Any]) -> dict[str, Any]:
    return clinic.control("relatient/message_failed", {"enrollment_id": enrollment["id"]})


def items() -> list[WorkItem]:
    return list(WorkItem.objects.filter(kind="message_failed", closed_at__isnull=True))


@pytest.mark.parametrize("channel", ["sms", "email", "voice"])
def test_a_message_that_failed_is_told_to_the_desk(clinic: Clinic, channel: str) -> None:
    enrollment = enrolled(clinic, channel)
    failed(clinic, enrollment)
    clinic.sync()
    [item] = items()
    assert enrollment["appointment"]["external_id"].endswith(item.appointment.external_id)
    assert f"could not be delivered by {WORDS[channel]}." in item.sentence
    assert clinic.enrollments()[0]["status"] == "active"


def test_one_event_told_twice_is_one_item(clinic: Clinic) -> None:
    event = failed(clinic, enrolled(clinic))
    clinic.sync()
    clinic.control(f"relatient/events/{event['id']}/duplicate")
    clinic.sync()
    assert len(items()) == 1


def test_an_event_told_again_does_not_bring_back_what_the_desk_has_done(clinic: Clinic) -> None:
    event = failed(clinic, enrolled(clinic))
    clinic.sync()
    assert close_work_item(items()[0], UserFactory())
    clinic.control(f"relatient/events/{event['id']}/duplicate")
    clinic.sync()
    assert items() == []


def test_another_failure_after_that_is_news(clinic: Clinic) -> None:
    enrollment = enrolled(clinic)
    failed(clinic, enrollment)
    clinic.sync()
    assert close_work_item(items()[0], UserFactory())
    failed(clinic, enrollment)
    clinic.sync()
    assert len(items()) == 1


def test_failures_on_several_channels_are_one_item_of_the_visit(clinic: Clinic) -> None:
    enrollment = enrolled(clinic)
    failed(clinic, enrollment)
    failed(clinic, enrollment)
    clinic.sync()
    assert len(items()) == 1


def test_what_was_delivered_before_or_after_does_not_hide_it(clinic: Clinic) -> None:
    enrollment = enrolled(clinic)
    body = {"enrollment_id": enrollment["id"]}
    clinic.control("relatient/message_delivered", body)
    failed(clinic, enrollment)
    clinic.control("relatient/message_delivered", body)
    clinic.sync()
    assert len(items()) == 1


def test_after_the_last_step_it_is_still_told(clinic: Clinic) -> None:
    enrollment = enrolled(clinic)
    clinic.control(f"relatient/enrollments/{enrollment['id']}/complete")
    failed(clinic, enrollment)
    clinic.sync()
    assert Enrollment.objects.get().status == "completed"
    assert len(items()) == 1


def test_of_an_enrollment_that_kept_does_not_know_nothing_is_made(clinic: Clinic) -> None:
    """Somebody enrolled a patient at Relatient who is in no chart that Kept reads."""
    enrolled(clinic)
    with clinic.simulator.simulation.lock:
        simulation = clinic.simulator.simulation
        simulation.relatient.store.emit(
            "message.failed", simulation.clock(), channel="sms", enrollment_id="enr_of_others"
        )
    clinic.sync()
    clinic.sync()
    assert items() == []
    assert not InboundMessage.objects.filter(status__in=["stored", "parked"]).exists()


def test_a_failure_without_a_channel_is_told_in_whole_words(clinic: Clinic) -> None:
    enrollment = enrolled(clinic)
    with clinic.simulator.simulation.lock:
        simulation = clinic.simulator.simulation
        simulation.relatient.store.emit(
            "message.failed", simulation.clock(), enrollment_id=enrollment["id"]
        )
    clinic.sync()
    [item] = items()
    assert item.sentence.startswith("A reminder could not be delivered. Check")


def visit_of(enrollment: dict[str, Any]) -> str:
    return str(enrollment["appointment"]["external_id"]).rpartition(":")[2]


# What ends a visit, or gives it another start.
ENDS: list[tuple[str, Any]] = [
    ("cancel", None),
    ("checkin", None),
    ("change", {"starttime": "07:15"}),
]


@pytest.mark.parametrize(("what", "body"), ENDS)
def test_it_leaves_when_the_visit_ends_or_moves(clinic: Clinic, what: str, body: Any) -> None:
    enrollment = enrolled(clinic)
    failed(clinic, enrollment)
    clinic.sync()
    assert len(items()) == 1
    clinic.control(f"athena/appointments/{visit_of(enrollment)}/{what}", body)
    clinic.sync()
    assert items() == []


@pytest.mark.parametrize("what", ["cancel", "checkin", "noshow"])
def test_of_a_visit_that_has_ended_nobody_is_told(clinic: Clinic, what: str) -> None:
    enrollment = enrolled(clinic)
    clinic.control(f"athena/appointments/{visit_of(enrollment)}/{what}")
    clinic.poll_and_work()
    failed(clinic, enrollment)
    clinic.sync()
    assert items() == []


@pytest.mark.parametrize(("what", "body"), ENDS)
def test_so_does_the_wish_for_another_time(clinic: Clinic, what: str, body: Any) -> None:
    """Staff have found one, or the visit is off: nobody has to call any more."""
    visit = visit_of(enrolled(clinic))
    clinic.answer(visit, "reschedule_requested")
    clinic.sync()
    wish = WorkItem.objects.get(kind="reschedule_requested")
    assert wish.closed_at is None
    clinic.control(f"athena/appointments/{visit}/{what}", body)
    clinic.sync()
    wish.refresh_from_db()
    assert wish.closed_at is not None


def test_a_wish_given_again_after_the_move_is_work_again(clinic: Clinic) -> None:
    visit = visit_of(enrolled(clinic))
    clinic.answer(visit, "reschedule_requested")
    clinic.sync()
    clinic.control(f"athena/appointments/{visit}/change", {"starttime": "07:15"})
    clinic.sync()
    clinic.answer(visit, "reschedule_requested")
    clinic.sync()
    wishes = WorkItem.objects.filter(kind="reschedule_requested").order_by("pk")
    assert [wish.closed_at is None for wish in wishes] == [False, True]
