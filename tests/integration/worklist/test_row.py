"""One row of the work list: what it says, and what a person does with it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.snapshot import Contact
from campaigns.domain.values import Channel, ReplyKind, ReplyOutcome
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    CallClaim,
    ChartCancelReason,
    Enrollment,
    Practice,
    Response,
)
from project.models import User
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
)

PAGE = "/worklist/?show=all"
IN_PLACE = {"X-Requested-With": "fetch"}


@pytest.fixture
def visit(db: None) -> Appointment:
    return AppointmentFactory(starts_at=timezone.now() + timedelta(hours=31, minutes=5))


@pytest.fixture
def practice(visit: Appointment) -> Practice:
    return visit.practice


@pytest.fixture
def dana(practice: Practice) -> User:
    return UserFactory(username="dana", first_name="Dana", role=FRONT_DESK, practices=[practice])


@pytest.fixture
def ravi(practice: Practice) -> User:
    return UserFactory(username="ravi", first_name="Ravi", role=FRONT_DESK, practices=[practice])


@pytest.fixture
def desk(client: Client, dana: User) -> Client:
    client.force_login(dana)
    return client


def shown(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def words(page: str) -> str:
    """The page's text without its tags, blanks made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def press(client: Client, visit: Appointment, kind: str, **fields: str):
    form = {"kind": kind, "form": str(uuid4()), "seen": visit.starts_at.isoformat(), **fields}
    return client.post(f"/worklist/visits/{visit.pk}/call/", form)


def claim(client: Client, visit: Appointment, **fields: str):
    return client.post(f"/worklist/visits/{visit.pk}/claim/", fields)


def enrolled(visit: Appointment, **fields: object) -> Enrollment:
    return Enrollment.objects.create(
        practice=visit.practice,
        appointment=visit,
        patient=visit.patient,
        generation=1,
        campaign="cmp_preventive_en",
        status="active",
        starts_at=visit.starts_at,
        lead_channel="sms",
        created_at=timezone.now(),
        **fields,
    )


def test_silence_is_said_with_what_was_tried_and_the_hours_left(
    desk: Client, visit: Appointment
) -> None:
    assert "Reminders are going out; no answer yet, 31 h left." in shown(desk)
    enrolled(visit, messaged_at=timezone.now(), vendor_state={"channels": ["email", "sms"]})
    assert "No reply after text and email, 31 h left." in shown(desk)


def test_missed_visits_are_counted_as_the_decision_counts_them(
    desk: Client, visit: Appointment
) -> None:
    for days in (10, 100, 300):
        AppointmentFactory(
            practice=visit.practice,
            patient=visit.patient,
            status="no_show",
            code="no_show",
            starts_at=timezone.now() - timedelta(days=days),
        )
    assert "Missed 2 visits" in shown(desk)


def test_how_to_reach_them(desk: Client, practice: Practice) -> None:
    patient = PatientFactory(
        practice=practice,
        describe={
            "mobile_phone": "6172530177",
            "home_phone": "6172530188",
            "consent_to_text": True,
            "wants": {Channel.SMS: True},
            "language_code": "spa",
        },
    )
    AppointmentFactory(practice=practice, patient=patient)
    page = shown(desk)
    assert 'href="tel:+16172530177"' in page
    assert 'href="sms:+16172530177"' in page
    assert 'href="sms:+16172530188"' not in page
    assert "Prefers texts" in page
    assert "Speaks Spanish: interpreter" in page


@pytest.mark.parametrize(
    "said", [{"consent_to_text": None}, {"consent_to_text": True, "wants": {Channel.SMS: False}}]
)
def test_who_refused_texts_is_not_texted_by_hand(
    desk: Client, practice: Practice, said: dict
) -> None:
    patient = PatientFactory(practice=practice, describe={"mobile_phone": "6172530177", **said})
    AppointmentFactory(practice=practice, patient=patient)
    page = shown(desk)
    assert "tel:+16172530177" in page
    assert "sms:+16172530177" not in page


def test_a_child_is_reached_through_the_parent_by_text_too(
    desk: Client, practice: Practice
) -> None:
    child = {
        "date_of_birth": timezone.now().date() - timedelta(days=3000),
        "consent_to_text": True,
        "guarantor": Contact("Luz Delgado", "Parent", "6172530143"),
    }
    AppointmentFactory(practice=practice, patient=PatientFactory(practice=practice, describe=child))
    page = shown(desk)
    assert "Ask for Luz Delgado (parent)" in page
    assert 'href="sms:+16172530143"' in page


def test_calls_are_told_with_time_person_note_and_state(
    desk: Client, visit: Appointment, ravi: User
) -> None:
    for minutes, kind, outcome in (
        (90, ReplyKind.LEFT_VOICEMAIL, ReplyOutcome.APPLIED),
        (60, ReplyKind.WRONG_NUMBER, ReplyOutcome.PENDING),
        (30, ReplyKind.NO_ANSWER, ReplyOutcome.WITHDRAWN),
    ):
        at = timezone.now() - timedelta(minutes=minutes)
        settled = None if outcome is ReplyOutcome.PENDING else at
        ResponseFactory(
            appointment=visit,
            kind=kind,
            channel="",
            given_by=ravi,
            occurred_at=at,
            outcome=outcome,
            settled_at=settled,
            note="Try after 3 <PM>." if kind is ReplyKind.LEFT_VOICEMAIL else "",
        )
    page = shown(desk)
    row = words(page.split('class="attempts"')[1].split("</ul>")[0])
    assert re.search(r"Wrong number , \w+, [\d:]+ [AP]M, Ravi \(on its way to the chart\)", row)
    assert re.search(r"Left voicemail , \w+, [\d:]+ [AP]M, Ravi \(in the chart\)", row)
    assert "Try after 3 &lt;PM&gt;." in row
    assert "No answer" not in row


def test_nobody_answered_the_row_leaves_and_is_counted_as_coming_back(
    desk: Client, visit: Appointment
) -> None:
    press(desk, visit, "no_answer")
    page = shown(desk)
    assert f'id="visit-{visit.pk}"' not in page
    assert "Put off until later (1)" in words(page)
    later = shown(desk, "/worklist/?show=later")
    assert f'id="visit-{visit.pk}"' in later
    assert "Back on the list:" in later


def test_a_visit_that_moves_comes_back_at_once(desk: Client, visit: Appointment) -> None:
    press(desk, visit, "no_answer")
    Appointment.objects.update(starts_at=visit.starts_at - timedelta(hours=5))
    assert f'id="visit-{visit.pk}"' in shown(desk)


@pytest.mark.parametrize(
    ("fields", "minutes"), [({"again": "1h"}, 60), ({"again": "30m", "again_time": ""}, 30)]
)
def test_a_call_back_is_chosen_in_words(
    desk: Client, visit: Appointment, fields: dict[str, str], minutes: int
) -> None:
    press(desk, visit, "call_back", **fields)
    said = visit.responses.get()
    assert abs(said.again_at - timezone.now() - timedelta(minutes=minutes)) < timedelta(seconds=30)


def test_a_time_that_was_typed_is_the_clinics_and_counts_first(
    desk: Client, visit: Appointment
) -> None:
    Practice.objects.update(time_zone="America/Denver")
    press(desk, visit, "call_back", again="30m", again_time="10:40")
    said = visit.responses.get()
    assert said.again_at > timezone.now()
    assert "Back on the list:" in shown(desk, "/worklist/?show=later")
    assert "10:40 AM" in shown(desk, "/worklist/?show=later")


@pytest.mark.parametrize("fields", [{}, {"again": "someday"}])
def test_a_call_back_without_a_time_records_nothing(
    desk: Client, visit: Appointment, fields: dict[str, str]
) -> None:
    press(desk, visit, "call_back", **fields)
    assert not visit.responses.exists()
    assert "choose a time to call back that is before the visit" in shown(desk)


def test_a_cancellation_offers_the_patients_reasons_and_says_who_is_told(
    desk: Client, visit: Appointment
) -> None:
    practice = visit.practice
    for external_id, name, more in (
        ("40", "PATIENT CANCELLED", {"frees_slot": True}),
        ("41", "PATIENT SICK", {}),
        ("42", "PROVIDER ILL", {"provider_unavailable": True}),
        ("-5", "PATIENT BY SYSTEM", {}),
    ):
        ChartCancelReason.objects.create(
            practice=practice, external_id=external_id, name=name, **more
        )
    page = shown(desk)
    choices = words(page.split(f'id="reason-{visit.pk}"')[1].split("</select>")[0])
    assert "PATIENT CANCELLED PATIENT SICK" in choices
    assert "PROVIDER" not in choices
    assert "SYSTEM" not in choices
    assert "the practice has set no number for it" in page
    Practice.objects.update(waitlist_phone="+16172530110", cancel_reason_id="41")
    page = shown(desk)
    assert "PATIENT CANCELLED (waitlist is told)" in page
    assert '<option value="41" selected>PATIENT SICK (slot stays closed' in page
    press(desk, visit, "cancelled", reason="40")
    assert visit.responses.get().cancel_reason_external_id == "40"


def test_a_reason_of_somebody_else_is_refused(desk: Client, visit: Appointment) -> None:
    ChartCancelReason.objects.create(practice=PracticeFactory(), external_id="99", name="PATIENT")
    assert press(desk, visit, "cancelled", reason="99").status_code == 400
    assert not visit.responses.exists()


def test_an_outcome_can_be_taken_back_from_the_bar(desk: Client, visit: Appointment) -> None:
    press(desk, visit, "wrong_number", note="A florist.")
    page = shown(desk)
    bar = page.split('class="undo"')[1].split("</section>")[0]
    assert "Wrong number : Rosa Delgado" in words(bar)
    said = visit.responses.get()
    answer = desk.post("/worklist/calls/undo/", {"response": said.pk}, follow=True)
    page = answer.content.decode()
    assert "Taken back. Nothing was sent to the chart." in page
    assert 'class="undo"' not in page
    assert "florist" not in page
    said.refresh_from_db()
    assert said.outcome == ReplyOutcome.WITHDRAWN


def test_several_are_taken_back_together(desk: Client, visit: Appointment) -> None:
    other = AppointmentFactory(practice=visit.practice)
    for one in (visit, other):
        press(desk, one, "left_voicemail")
    assert "Undo all 2" in shown(desk)
    ids = list(Response.objects.values_list("pk", flat=True))
    page = desk.post("/worklist/calls/undo/", {"response": ids}, follow=True).content.decode()
    assert "2 calls taken back." in page


def test_after_ten_seconds_there_is_no_button_and_a_sentence(
    desk: Client, visit: Appointment
) -> None:
    press(desk, visit, "left_voicemail")
    Response.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    assert 'class="undo"' not in shown(desk)
    said = visit.responses.get()
    page = desk.post("/worklist/calls/undo/", {"response": said.pk}, follow=True)
    assert "Too late to take back." in page.content.decode()


def test_only_one_s_own_word_is_taken_back(desk: Client, visit: Appointment, ravi: User) -> None:
    press(desk, visit, "left_voicemail")
    said = visit.responses.get()
    desk.force_login(ravi)
    assert 'class="undo"' not in shown(desk)
    assert desk.post("/worklist/calls/undo/", {"response": said.pk}).status_code == 400
    assert desk.post("/worklist/calls/undo/", {"response": "x"}).status_code == 400
    said.refresh_from_db()
    assert said.outcome == ReplyOutcome.PENDING


def test_the_row_says_who_is_calling(desk: Client, visit: Appointment, ravi: User) -> None:
    claim(desk, visit)
    assert "You are calling since" in words(shown(desk))
    desk.force_login(ravi)
    assert "Dana is calling since" in words(shown(desk))
    claim(desk, visit)
    page = words(shown(desk))
    assert "Dana is calling this patient. You can take over." in page
    claim(desk, visit, take_over="1")
    assert "You are calling since" in words(shown(desk))
    desk.post(f"/worklist/visits/{visit.pk}/release/")
    assert "is calling since" not in words(shown(desk))


def test_a_script_gets_the_piece_of_the_row(desk: Client, visit: Appointment, ravi: User) -> None:
    address = f"/worklist/visits/{visit.pk}/claim/"
    piece = desk.post(address, headers=IN_PLACE).content.decode()
    assert "<html" not in piece
    assert "You are calling" in words(piece)
    desk.force_login(ravi)
    piece = desk.post(address, headers=IN_PLACE).content.decode()
    assert "Dana is calling" in words(piece)
    assert "Take over" in words(piece)
    assert CallClaim.objects.get().user.username == "dana"


def test_recording_over_a_colleagues_call_is_asked_once(
    desk: Client, visit: Appointment, ravi: User
) -> None:
    claim(desk, visit)
    desk.force_login(ravi)
    answer = press(desk, visit, "left_voicemail", note="On the landline.")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Dana is calling this patient" in page
    assert not visit.responses.exists()
    form = page.split('<form method="post" action="/worklist/')[1].split("</form>")[0]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert desk.post(f"/worklist/visits/{visit.pk}/call/", sent).status_code == 302
    said = visit.responses.get()
    assert (said.given_by, said.kind, said.note) == (ravi, "left_voicemail", "On the landline.")
    assert not CallClaim.objects.exists()


def test_notes_stay_out_of_trail_and_session(desk: Client, visit: Appointment) -> None:
    press(desk, visit, "no_answer", note="Luz has the new number.")
    assert "Luz" not in str(list(AuditEvent.objects.values()))
    assert "Luz" not in str(dict(desk.session))


ACTIONS = ("visits/{visit}/call/", "visits/{visit}/claim/", "visits/{visit}/release/")


@pytest.mark.parametrize("action", [*ACTIONS, "calls/undo/"])
def test_doors(client: Client, visit: Appointment, action: str) -> None:
    address = "/worklist/" + action.format(visit=visit.pk)
    assert client.post(address).status_code == 302
    assert client.post(address).url.startswith("/accounts/login/")
    for role in (CLINICAL_OPS, ADMINS, None):
        client.force_login(UserFactory(role=role, practices=[visit.practice]))
        assert client.post(address).status_code == 403
    client.force_login(UserFactory(role=FRONT_DESK, practices=[visit.practice]))
    assert client.get(address).status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_a_visit_of_another_practice_does_not_exist(desk: Client, action: str) -> None:
    other = AppointmentFactory()
    assert desk.post("/worklist/" + action.format(visit=other.pk)).status_code == 404
    assert not CallClaim.objects.exists()
