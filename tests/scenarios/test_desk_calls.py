"""The desk's calls, over HTTP to the chart: what is said arrives, what is taken back never does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from campaigns.models import FRONT_DESK, Appointment, Response
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic

AFTER_THE_HOLD = timedelta(seconds=11)


@pytest.fixture
def traveller(settings) -> Iterator[time_machine.Coordinates]:
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def desk(traveller: time_machine.Coordinates, clinic: Clinic, client: Client) -> Client:
    client.force_login(UserFactory(role=FRONT_DESK, practices=[clinic.practice]))
    return client


def visit(clinic: Clinic) -> str:
    appointment = clinic.book(clinic.patient(), days=1.5)
    clinic.sync()
    return appointment


def press(desk: Client, appointment: str, kind: str, **fields: str) -> Response:
    row = Appointment.objects.get(external_id=appointment)
    form = {"kind": kind, "form": str(uuid4()), "seen": row.starts_at.isoformat(), **fields}
    assert desk.post(f"/worklist/visits/{row.pk}/call/", form).status_code == 302
    return row.responses.first()


def notes(clinic: Clinic, appointment: str) -> list[str]:
    return [note["notetext"] for note in clinic.chart(appointment)["notes"]]


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("no_answer", {}, "no answer"),
        ("left_voicemail", {}, "voicemail"),
        ("wrong_number", {}, "number on file is wrong"),
        ("reschedule_requested", {}, "asks to reschedule (by phone)"),
        ("call_back", {"again": "1h"}, "called back"),
    ],
)
def test_a_call_is_noted_on_the_schedule_after_ten_seconds(
    traveller: time_machine.Coordinates,
    clinic: Clinic,
    desk: Client,
    kind: str,
    fields: dict[str, str],
    words: str,
) -> None:
    appointment = visit(clinic)
    said = press(desk, appointment, kind, note="Daughter Luz helps.", **fields)
    clinic.work()
    assert notes(clinic, appointment) == []
    traveller.shift(AFTER_THE_HOLD)
    clinic.work()
    (note,) = notes(clinic, appointment)
    assert words in note
    assert "Luz" not in note
    said.refresh_from_db()
    assert said.outcome == "applied"


@pytest.mark.parametrize("kind", ["no_answer", "confirmed", "cancelled"])
def test_what_was_taken_back_never_reaches_the_chart(
    traveller: time_machine.Coordinates, clinic: Clinic, desk: Client, kind: str
) -> None:
    appointment = visit(clinic)
    said = press(desk, appointment, kind)
    clinic.work()
    answer = desk.post("/worklist/calls/undo/", {"response": said.pk})
    assert answer.status_code == 302
    traveller.shift(AFTER_THE_HOLD)
    clinic.sync()
    assert clinic.chart_writes(appointment) == []
    said.refresh_from_db()
    assert said.outcome == "withdrawn"


def test_once_sent_it_is_not_taken_back(
    traveller: time_machine.Coordinates, clinic: Clinic, desk: Client
) -> None:
    appointment = visit(clinic)
    said = press(desk, appointment, "no_answer")
    traveller.shift(AFTER_THE_HOLD)
    clinic.work()
    page = desk.post("/worklist/calls/undo/", {"response": said.pk}, follow=True)
    assert "Too late to take back." in page.content.decode()
    assert len(notes(clinic, appointment)) == 1


def test_a_cancellation_carries_the_reason_that_the_desk_chose(
    traveller: time_machine.Coordinates, clinic: Clinic, desk: Client
) -> None:
    appointment = visit(clinic)
    row = Appointment.objects.get(external_id=appointment)
    page = desk.get("/worklist/?show=all").content.decode()
    choices = page.split(f'id="reason-{row.pk}"')[1].split("</select>")[0]
    others = [part.split('"')[0] for part in choices.split('option value="')[1:]]
    press(desk, appointment, "cancelled", reason=others[-1])
    traveller.shift(AFTER_THE_HOLD)
    clinic.work()
    chart = clinic.chart(appointment)
    assert chart["appointmentstatus"] == "x"
    assert str(chart["cancelreasonid"]) == others[-1]
