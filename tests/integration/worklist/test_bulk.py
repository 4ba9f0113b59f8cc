"""One outcome for several rows: looked over first, then each is done or says why not."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Appointment, CallClaim, Practice, Response
from project.models import User
from tests.factories import PracticeFactory, ResponseFactory, UserFactory
from tests.integration.worklist.desk_room import desk, practice, shown, visit_in

__all__ = ["desk", "practice"]


def ticks(client: Client) -> list[str]:
    return re.findall(r'name="visit" value="([^"]*)"', shown(client))


def looked_over(client: Client, kind: str, visits: list[str]) -> str:
    answer = client.post("/worklist/bulk/", {"kind": kind, "visit": visits})
    assert answer.status_code == 200
    return answer.content.decode()


def form_of(page: str) -> dict[str, object]:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return hidden | {"visit": re.findall(r'name="visit" value="([^"]*)"', page)}


def record(client: Client, form: dict[str, object]):
    return client.post("/worklist/bulk/apply/", form)


def test_looking_over_says_how_many_and_whom_and_records_nothing(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Ada")
    visit_in(practice, 6, "Bo")
    visit_in(practice, 7, "Cy")
    page = looked_over(client, "no_answer", ticks(client)[:2])
    assert "No answer: 2 visits" in page
    assert "Ada Test" in page and "Bo Test" in page and "Cy Test" not in page
    assert not Response.objects.exists()


@pytest.mark.parametrize("kind", ["confirmed", "left_voicemail", "no_answer"])
def test_then_it_is_recorded_for_each(
    client: Client, practice: Practice, desk: User, kind: str
) -> None:
    visits = [visit_in(practice, hours) for hours in (5, 6)]
    form = form_of(looked_over(client, kind, ticks(client)))
    assert record(client, form).url == f"/worklist/?practice={practice.pk}"
    for visit in visits:
        heard = visit.responses.get()
        assert (heard.kind, heard.given_by) == (kind, desk)
        assert heard.hold_until is not None
    assert "recorded for 2." in shown(client)


def test_who_was_unticked_while_looking_over_is_left_alone(
    client: Client, practice: Practice, desk: User
) -> None:
    first, second = visit_in(practice, 5), visit_in(practice, 6)
    form = form_of(looked_over(client, "confirmed", ticks(client)))
    record(client, form | {"visit": form["visit"][:1]})
    assert first.responses.exists()
    assert not second.responses.exists()


def test_what_changed_meanwhile_is_listed_as_not_done(
    client: Client, practice: Practice, desk: User
) -> None:
    names = ("Stays", "Moves", "Answers", "Cancels", "Taken")
    visits = {name: visit_in(practice, 5 + n, name) for n, name in enumerate(names)}
    form = form_of(looked_over(client, "left_voicemail", ticks(client)))
    Appointment.objects.filter(pk=visits["Moves"].pk).update(
        starts_at=visits["Moves"].starts_at + timedelta(hours=1)
    )
    ResponseFactory(appointment=visits["Answers"])
    Appointment.objects.filter(pk=visits["Cancels"].pk).update(
        status="cancelled", coverage_state="closed", coverage_code="cancelled"
    )
    CallClaim.objects.create(
        appointment=visits["Taken"],
        practice=practice,
        user=UserFactory(),
        claimed_at=timezone.now(),
        until=timezone.now() + timedelta(minutes=5),
    )
    page = record(client, form).content.decode()
    assert "Left voicemail: 1 recorded, 4 not" in page
    for name, why in {
        "Moves": "the visit was moved meanwhile",
        "Answers": "answered meanwhile",
        "Cancels": "needs no call any more",
        "Taken": "a colleague is calling",
    }.items():
        row = re.search(rf">{name} Test<.*?</tr>", page, re.S).group(0)
        assert why in row
    assert "Stays Test" not in page
    assert Response.objects.filter(kind="left_voicemail").get().appointment == visits["Stays"]


def test_the_same_form_twice_counts_once(client: Client, practice: Practice, desk: User) -> None:
    visit = visit_in(practice, 5)
    form = form_of(looked_over(client, "confirmed", ticks(client)))
    record(client, form)
    assert record(client, form).status_code == 302
    assert visit.responses.count() == 1


@pytest.mark.parametrize(
    ("kind", "ticked", "said"),
    [("", True, "choose how the calls went"), ("confirmed", False, "tick at least one visit")],
)
def test_what_is_missing_is_asked_for(
    client: Client, practice: Practice, desk: User, kind: str, ticked: bool, said: str
) -> None:
    visit_in(practice, 5)
    visits = ticks(client) if ticked else []
    answer = client.post("/worklist/bulk/", {"kind": kind, "visit": visits}, follow=True)
    assert said in answer.content.decode()


@pytest.mark.parametrize("kind", ["cancelled", "wrong_number", "call_back", "unrecognized"])
def test_some_outcomes_are_only_said_of_one_patient(
    client: Client, practice: Practice, desk: User, kind: str
) -> None:
    visit_in(practice, 5)
    form = form_of(looked_over(client, "confirmed", ticks(client)))
    assert record(client, form | {"kind": kind}).status_code == 400
    assert not Response.objects.exists()


def test_rows_of_another_practice_and_nonsense_are_not_touched(
    client: Client, practice: Practice, desk: User
) -> None:
    mine, other = visit_in(practice, 5), visit_in(PracticeFactory(), 5)
    form = form_of(looked_over(client, "confirmed", ticks(client)))
    strange = [f"{other.pk}@", "x@", "@", "9" * 40, f"{mine.pk}@yesterday"]
    record(client, form | {"visit": [*strange, *form["visit"]]})
    assert mine.responses.exists()
    assert not other.responses.exists()


def test_an_answered_row_cannot_be_ticked(client: Client, practice: Practice, desk: User) -> None:
    ResponseFactory(appointment=visit_in(practice, 5))
    assert ticks(client) == []


@pytest.mark.parametrize("tick", ["0@", "x@", "@", "9" * 18 + "@", "9" * 5000 + "@", "٣@"])
def test_ticks_that_no_page_made_do_no_harm(
    client: Client, practice: Practice, desk: User, tick: str
) -> None:
    visit_in(practice, 5)
    form = {"kind": "no_answer", "visit": tick, "form": uuid4()}
    assert client.post("/worklist/bulk/", form).status_code == 302
    assert client.post("/worklist/bulk/apply/", form).status_code == 302
    assert not Response.objects.exists()


def test_a_number_with_zeros_before_it_is_the_same_number(
    client: Client, practice: Practice, desk: User
) -> None:
    visit = visit_in(practice, 5, "Ada")
    assert "Ada Test" in looked_over(client, "no_answer", [f"00{visit.pk}@"])


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "٣", "-1", ""])
def test_outcomes_that_no_page_named_cannot_be_taken_back(
    client: Client, practice: Practice, desk: User, number: str
) -> None:
    assert client.post("/worklist/calls/undo/", {"response": number}).status_code == 400
