"""The front desk's page: who is on it, what a press does, and who may look."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.domain.snapshot import Contact
from campaigns.domain.values import EffectKind, EffectStatus, ReplyKind, ReplyOutcome, WorkItemKind
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, PROMPT, Appointment, Practice
from project.models import User
from tests.factories import (
    AppointmentFactory,
    EffectFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)
from tests.integration.worklist.desk_room import PAGE, desk, practice, shown

__all__ = ["desk", "practice"]


def press(client: Client, visit: Appointment, kind: str, **fields: str):
    page = shown(client)
    form = re.search(rf'action="/worklist/visits/{visit.pk}/call/".*?</form>', page, re.S).group(0)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    body = hidden | {"kind": kind} | fields
    return body, client.post(f"/worklist/visits/{visit.pk}/call/", body)


def visit_in(practice: Practice, hours: float, **fields) -> Appointment:
    return AppointmentFactory(
        practice=practice, starts_at=timezone.now() + timedelta(hours=hours), **fields
    )


def named(practice: Practice, name: str):
    return PatientFactory(practice=practice, describe={"first_name": name, "last_name": "Test"})


def test_the_soonest_unconfirmed_visit_comes_first(
    client: Client, desk: User, practice: Practice
) -> None:
    visit_in(practice, 40, patient=named(practice, "Later"))
    visit_in(practice, 5, patient=named(practice, "Sooner"))
    page = shown(client, "?show=all")
    assert page.index("Sooner Test") < page.index("Later Test")
    assert "<strong>2</strong> visits in the next 72 hours are not confirmed" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"confirmation": "confirmed"},
        {"confirmation": "confirmed_by_operator"},
        {"status": "cancelled", "code": Code.CANCELLED},
        {"code": Code.SECONDARY_RESOURCE},
    ],
)
def test_whoever_needs_no_call_is_not_listed(
    client: Client, desk: User, practice: Practice, fields: dict
) -> None:
    visit_in(practice, 20, **fields)
    visit_in(practice, 73)
    visit_in(practice, -1)
    assert "Everybody is confirmed" in shown(client)


def test_a_visit_without_a_time_zone_is_not_forgotten(
    client: Client, desk: User, practice: Practice
) -> None:
    local = timezone.now() + timedelta(hours=20)
    AppointmentFactory(
        practice=practice,
        starts_at=None,
        local_start=local,
        time_zone="",
        code=Code.TIME_ZONE_UNKNOWN,
    )
    assert "time zone unknown" in shown(client)


def test_a_row_says_who_when_where_why_and_how_to_call(
    client: Client, desk: User, practice: Practice
) -> None:
    visit_in(practice, 20, code=Code.NO_CONTACT_CHANNEL, time_zone="America/Los_Angeles")
    page = shown(client)
    assert "Rosa Delgado" in page
    assert 'href="tel:+16172530142"' in page
    assert "Annual physical" in page and "Dr. Amara Osei" in page and "Main Street" in page
    assert "Los Angeles time" in page
    assert "No usable mobile number or email on file" in page


def test_for_a_child_the_grown_up_is_called(client: Client, desk: User, practice: Practice) -> None:
    child = PatientFactory(
        practice=practice,
        describe={
            "date_of_birth": timezone.now().date() - timedelta(days=3000),
            "mobile_phone": "6172530199",
            "guarantor": Contact("Luz Delgado", "Parent", "6172530143"),
        },
    )
    visit_in(practice, 20, patient=child)
    page = shown(client)
    assert "Ask for Luz Delgado (parent)" in page
    assert "tel:+16172530143" in page
    assert "6172530199" not in page


def test_a_press_becomes_an_answer_a_look_and_a_trace(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    _, answer = press(client, visit, "confirmed")
    assert answer.url == f"/worklist/?practice={practice.pk}#visit-{visit.pk}"
    heard = visit.responses.get()
    assert (heard.kind, heard.channel, heard.given_by) == ("confirmed", "", desk)
    assert heard.told_starts_at == visit.starts_at
    assert heard.event_id.startswith("staff-")
    visit.refresh_from_db()
    assert visit.look_due_at is not None
    assert visit.look_priority == PROMPT
    event = AuditEvent.objects.get(action="response.received")
    assert (event.actor, event.appointment_id) == ("dana", visit.external_id)


def test_until_the_chart_shows_it_the_row_says_so_and_is_not_counted(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    press(client, visit, "confirmed")
    page = shown(client)
    assert "on its way to the chart" in page
    assert "Leaves the list once the chart shows it." in page
    assert "<strong>" not in page.split("</h1>")[1].split("</p>")[0]
    Appointment.objects.filter(pk=visit.pk).update(confirmation="confirmed_by_operator")
    assert "Everybody is confirmed" in shown(client)


@pytest.mark.parametrize("kind", ["confirmed", "cancelled", "left_voicemail"])
def test_the_same_press_arriving_twice_counts_once(
    client: Client, desk: User, practice: Practice, kind: str
) -> None:
    visit = visit_in(practice, 20)
    body, _ = press(client, visit, kind)
    client.post(f"/worklist/visits/{visit.pk}/call/", body)
    assert visit.responses.count() == 1


def test_another_button_of_the_same_form_still_counts(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    body, _ = press(client, visit, "left_voicemail")
    client.post(f"/worklist/visits/{visit.pk}/call/", body | {"kind": "cancelled"})
    assert set(visit.responses.values_list("kind", flat=True)) == {"left_voicemail", "cancelled"}


def test_nothing_is_recorded_for_a_visit_that_moved_during_the_call(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    earlier = (visit.starts_at - timedelta(hours=1)).isoformat()
    press(client, visit, "confirmed", seen=earlier)
    assert not visit.responses.exists()
    assert "this visit was moved while you were calling" in shown(client)


@pytest.mark.parametrize("broken", [{"kind": "unrecognized"}, {"form": "x"}])
def test_an_incomplete_form_is_refused(
    client: Client, desk: User, practice: Practice, broken: dict
) -> None:
    visit = visit_in(practice, 20)
    _, answer = press(client, visit, **({"kind": "confirmed"} | broken))
    assert answer.status_code == 400
    assert not visit.responses.exists()


def test_a_refused_chart_write_is_said_with_its_reason(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    heard = ResponseFactory(
        appointment=visit,
        outcome=ReplyOutcome.FOR_STAFF,
        outcome_sentence="The answer could not be written to the chart.",
        settled_at=timezone.now(),
    )
    EffectFactory(
        appointment=visit,
        response=heard,
        kind=EffectKind.WRITE_CONFIRMATION,
        status=EffectStatus.REJECTED,
        sentence="athenahealth refused it.",
    )
    page = shown(client)
    assert "Refused" in page
    assert "Confirmed: not in the chart. athenahealth refused it." in page


def test_a_reply_in_the_patients_own_words_is_shown_with_them(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 300)
    heard = ResponseFactory(
        appointment=visit,
        kind=ReplyKind.UNRECOGNIZED,
        raw_text="can <b>my mom</b> come along?",
        outcome=ReplyOutcome.FOR_STAFF,
        outcome_sentence="Read it.",
        settled_at=timezone.now(),
    )
    WorkItemFactory(
        appointment=visit, response=heard, kind=WorkItemKind.UNRECOGNIZED_REPLY, sentence="Read it."
    )
    page = shown(client)
    assert "Replies to read first" in page
    assert "Also for you" not in page
    assert "can &lt;b&gt;my mom&lt;/b&gt; come along?" in page


def test_a_work_item_is_closed_by_whoever_dealt_with_it(
    client: Client, desk: User, practice: Practice
) -> None:
    item = WorkItemFactory(appointment=visit_in(practice, 300))
    client.post(f"/worklist/items/{item.pk}/done/")
    item.refresh_from_db()
    assert item.closed_by == "dana"
    assert "It has left the list." in shown(client)


def test_an_item_that_closes_by_itself_has_no_button(
    client: Client, desk: User, practice: Practice
) -> None:
    item = WorkItemFactory(appointment=visit_in(practice, 300), kind=WorkItemKind.NO_CONTACT)
    assert "Leaves by itself once it is mended." in shown(client)
    client.post(f"/worklist/items/{item.pk}/done/")
    item.refresh_from_db()
    assert item.closed_at is None


def test_patients_are_on_the_page_and_nowhere_else(
    client: Client, desk: User, practice: Practice
) -> None:
    visit = visit_in(practice, 20)
    answer = client.get(PAGE)
    assert "no-store" in answer["Cache-Control"]
    links = re.findall(r'(?:href|action)="([^"]*)"', answer.content.decode())
    assert not [link for link in links if "Rosa" in link or "Delgado" in link]
    press(client, visit, "confirmed")
    assert not [s for s in Session.objects.all() if "Rosa" in str(s.get_decoded())]
    assert "Rosa" not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.filter(action="page.viewed").first().detail["rows"] == 1


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, desk: User, practice: Practice
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            shown(client)
        return len(caught)

    patient = named(practice, "Many")
    fill(practice, patient, 10)
    few = queries()
    fill(practice, patient, 190)
    assert queries() == few


def fill(practice: Practice, patient, number: int) -> None:
    for n in range(number):
        visit = visit_in(practice, 10 + n / 10, patient=patient)
        heard = ResponseFactory(appointment=visit, kind=ReplyKind.LEFT_VOICEMAIL, channel="")
        EffectFactory(appointment=visit, response=heard, kind=EffectKind.SCHEDULE_NOTE)
        WorkItemFactory(appointment=visit)
        WorkItemFactory(appointment=visit_in(practice, 300, patient=patient))


@pytest.mark.parametrize("role", [CLINICAL_OPS, ADMINS, None])
def test_it_is_the_front_desks_page(client: Client, practice: Practice, role: str | None) -> None:
    visit = visit_in(practice, 20)
    client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"/worklist/visits/{visit.pk}/call/", {}).status_code == 403


def test_nobody_signed_in_is_sent_to_the_door(client: Client, db: None) -> None:
    assert client.get(PAGE).url == "/accounts/login/?next=/worklist/"
    assert client.post("/worklist/visits/1/call/", {}).status_code == 302


def test_another_practice_does_not_exist(client: Client, desk: User) -> None:
    other = PracticeFactory()
    visit = visit_in(other, 20)
    item = WorkItemFactory(appointment=visit)
    assert client.get(f"{PAGE}?practice={other.pk}").status_code == 404
    body = {"kind": "confirmed", "form": "7b1e9f1e-0000-4000-8000-000000000000"}
    assert client.post(f"/worklist/visits/{visit.pk}/call/", body).status_code == 404
    assert client.post(f"/worklist/items/{item.pk}/done/").status_code == 404
    assert "Everybody is confirmed" in shown(client)


def test_whoever_works_for_two_practices_chooses(
    client: Client, desk: User, practice: Practice
) -> None:
    other = PracticeFactory(name="Zebra Pediatrics")
    desk.memberships.create(practice=other)
    visit_in(other, 20)
    assert "Everybody is confirmed" in shown(client)
    assert "Rosa Delgado" in shown(client, f"?practice={other.pk}")
    assert "Rosa Delgado" in shown(client)


def test_a_person_without_a_practice_is_told_so(client: Client, db: None) -> None:
    client.force_login(UserFactory(role=FRONT_DESK))
    assert "Your account has no practice yet" in shown(client)


def test_a_changing_request_needs_its_token(practice: Practice) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory(role=FRONT_DESK, practices=[practice]))
    visit = visit_in(practice, 20)
    assert strict.post(f"/worklist/visits/{visit.pk}/call/", {}).status_code == 403
    assert strict.get(f"/worklist/visits/{visit.pk}/call/").status_code == 405
