"""What Relatient's events become: when they count as said, and what their words do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from campaigns.clock import database_now
from campaigns.domain.values import Channel, ReplyKind
from campaigns.intake import consents
from campaigns.intake.events import Received, take_event
from campaigns.models import Appointment, ConsentEvent, Response, WorkItem
from campaigns.vendor_records import EventRecord, EventType
from tests.factories import AppointmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


@pytest.fixture
def visit() -> Appointment:
    return AppointmentFactory()


def said(kind: EventType, visit: Appointment, at: datetime, number: int) -> EventRecord:
    return EventRecord(
        f"evt_{number}",
        number,
        kind,
        at,
        patient_external_id=visit.patient.external_id,
        channel=Channel.SMS,
    )


def test_a_word_dated_a_day_ahead_counts_as_received(visit: Appointment) -> None:
    received = database_now() - timedelta(minutes=30)
    ahead = said(EventType.OPTED_IN, visit, received + timedelta(hours=26), 1)
    stop = said(EventType.OPTED_OUT, visit, received + timedelta(minutes=1), 2)
    # Taken in late, and the later one first: what counts is when each was received.
    take_event(visit.practice, stop, received + timedelta(minutes=1))
    take_event(visit.practice, ahead, received)
    words = ConsentEvent.objects.order_by("at").values_list("state", "at")
    assert list(words) == [
        ("opted_in", received),
        ("opted_out", received + timedelta(minutes=1)),
    ]


def test_so_does_an_answer(visit: Appointment) -> None:
    received = database_now() - timedelta(minutes=30)
    event = EventRecord(
        "evt_1",
        1,
        EventType.REPLY,
        received + timedelta(days=3),
        patient_external_id=visit.patient.external_id,
        appointment_external_id=visit.external_id,
        reply=ReplyKind.CONFIRMED,
    )
    take_event(visit.practice, event, received)
    response = Response.objects.get()
    assert (response.occurred_at, response.received_at) == (received, received)


def answer(visit: Appointment, words: str, number: int = 1) -> EventRecord:
    return EventRecord(
        f"evt_{number}",
        number,
        EventType.REPLY,
        database_now(),
        patient_external_id=visit.patient.external_id,
        appointment_external_id=visit.external_id,
        channel=Channel.SMS,
        raw_text=words,
        reply=ReplyKind.UNRECOGNIZED,
    )


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        ("Stop. Thank you", ["sms"]),
        ("Número equivocado", ["sms", "voice"]),
        ("I'll stop by at 3", []),
        ("Is there parking?", []),
    ],
)
def test_the_words_of_an_answer_end_the_texts_once(
    visit: Appointment, words: str, ended: list[str]
) -> None:
    for _ in range(2):
        take_event(visit.practice, answer(visit, words))
    kept = ConsentEvent.objects.filter(state="opted_out", source="the patient's answer")
    assert sorted(kept.values_list("channel", flat=True)) == ended
    assert ConsentEvent.objects.count() == len(ended)


@pytest.mark.parametrize(
    ("words", "asked"), [("CANCEL", True), ("No puedo ir", True), ("STOP", False), ("", False)]
)
def test_an_opt_out_in_words_of_cancelling_is_asked_about(
    visit: Appointment, words: str, asked: bool
) -> None:
    event = said(EventType.OPTED_OUT, visit, database_now(), 1)
    for _ in range(2):
        take_event(visit.practice, replace(event, raw_text=words))
    assert WorkItem.objects.filter(kind="cancel_as_stop", appointment=visit).count() == asked
    assert ConsentEvent.objects.get().state == "opted_out"


class Detected(Exception):
    """What PostgreSQL's driver says of a deadlock."""

    sqlstate = "40P01"


@pytest.mark.django_db(transaction=True)
def test_a_stop_that_waited_in_a_circle_is_taken_in_again(
    visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two children of one mother: her STOP comes as an event of each, at the same moment."""
    tried: list[int] = []

    def waits_in_a_circle(*args: object, **named: object) -> str:
        tried.append(1)
        if len(tried) == 1:
            raise OperationalError from Detected()
        return ""

    monkeypatch.setattr(consents, "said_from", waits_in_a_circle)
    at = database_now()
    stop = said(EventType.OPTED_OUT, visit, at, 1)
    assert take_event(visit.practice, stop, at) is Received.NEW
    assert len(tried) == 2
    assert ConsentEvent.objects.count() == 1
