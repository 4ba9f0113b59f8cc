"""Which rows a view shows, what filters take away, and finding somebody by name or number."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.domain.snapshot import Contact
from campaigns.domain.values import EffectKind, ReplyKind, ReplyOutcome, Risk, WorkItemKind
from campaigns.models import ADMINS, CLINICAL_OPS, Practice
from project.models import User
from tests.factories import (
    DepartmentFactory,
    EffectFactory,
    PracticeFactory,
    ProviderFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)
from tests.integration.worklist.desk_room import desk, named, practice, shown, visit_in

__all__ = ["desk", "practice"]

# Friday, November 20, 2026, nine in the morning in New York.
FRIDAY = datetime(2026, 11, 20, 14, tzinfo=UTC)


@pytest.fixture
def friday(settings):
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(FRIDAY, tick=False) as traveller:
        yield traveller


def find(client: Client, text: str) -> str:
    answer = client.post("/worklist/search/", {"q": text})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_first_view_ends_with_the_next_business_day(
    friday: time_machine.Coordinates, client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 30, "Saturday")
    visit_in(practice, 71, "Monday")
    page = shown(client)
    assert "from today to Monday (72 hours ahead at most)" in page
    assert "Saturday Test" in page and "Monday Test" in page
    friday.move_to(FRIDAY - timedelta(days=1))
    page = shown(client)
    assert "today and tomorrow" in page and "at most" not in page
    assert "Saturday Test" not in page
    # Thursday's 72 hours end on Sunday morning.
    page = shown(client, "?show=all")
    assert "Saturday Test" in page and "Monday Test" not in page


def test_a_day_ends_in_the_clinics_time(
    friday: time_machine.Coordinates, client: Client, practice: Practice, desk: User
) -> None:
    friday.move_to(FRIDAY - timedelta(days=2))
    # Thursday, 11:30 PM and Friday, 0:30 AM in New York: both are Friday in UTC.
    visit_in(practice, 38.5, "Late")
    visit_in(practice, 39.5, "Early")
    page = shown(client)
    assert "Late Test" in page
    assert "Early Test" not in page


def test_every_view_says_how_many_still_need_a_call(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5)
    visit_in(practice, 70)
    waiting = visit_in(practice, 6)
    ResponseFactory(
        appointment=waiting,
        kind=ReplyKind.NO_ANSWER,
        channel="",
        again_at=timezone.now() + timedelta(hours=1),
    )
    page = shown(client, "?show=all")
    numbers = [int(n) for n in re.findall(r'<span class="number">\((\d+)\)', page)]
    assert numbers[0] in (1, 2) and numbers[1:] == [2, 1]


def test_who_did_not_answer_is_put_off_until_it_is_time(
    client: Client, practice: Practice, desk: User
) -> None:
    visit = visit_in(practice, 5, "Busy")
    call = ResponseFactory(
        appointment=visit,
        kind=ReplyKind.NO_ANSWER,
        channel="",
        again_at=timezone.now() + timedelta(hours=1),
    )
    assert "Busy Test" not in shown(client)
    assert "Busy Test" in shown(client, "?show=later")
    call.again_at = timezone.now() - timedelta(minutes=1)
    call.save()
    assert "Busy Test" in shown(client)
    assert "Nobody is put off" in shown(client, "?show=later")


@pytest.mark.parametrize("hours", [5, 70])
def test_what_a_person_has_to_see_to_is_never_put_off(
    client: Client, practice: Practice, desk: User, hours: float
) -> None:
    visit = visit_in(practice, hours, "Failed")
    item = WorkItemFactory(appointment=visit, kind=WorkItemKind.CHART_WRITE_FAILED)
    again = timezone.now() + timedelta(hours=1)
    ResponseFactory(appointment=visit, kind=ReplyKind.NO_ANSWER, channel="", again_at=again)
    for show in ("", "?show=all"):
        assert shown(client, show).count(f"/worklist/items/{item.pk}/") == 1
    every = shown(client, "?show=all")
    assert "Call again:" in every and "Back on the list:" not in every
    assert f'name="visit" value="{visit.pk}@' in every
    assert re.findall(r'<span class="number">\((\d+)\)', every)[1:] == ["1", "0"]
    assert "Failed Test" not in shown(client, "?show=later")
    item.closed_at, item.closed_by = timezone.now(), "dana"
    item.save()
    assert "Failed Test" not in shown(client, "?show=all")
    assert "Failed Test" in shown(client, "?show=later")


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_later_answer_or_an_undo_ends_the_wait(
    client: Client, practice: Practice, desk: User, taken_back: bool
) -> None:
    visit = visit_in(practice, 5, "Busy")
    ends = {"outcome": ReplyOutcome.WITHDRAWN, "settled_at": timezone.now()} if taken_back else {}
    ResponseFactory(
        appointment=visit,
        kind=ReplyKind.NO_ANSWER,
        channel="",
        occurred_at=timezone.now() - timedelta(minutes=5),
        again_at=timezone.now() + timedelta(hours=1),
        **ends,
    )
    if not taken_back:
        ResponseFactory(appointment=visit, kind=ReplyKind.UNRECOGNIZED)
    assert "Busy Test" in shown(client)


def filtered(practice: Practice) -> dict[str, str]:
    """Two rows of each kind: one that fits all filters, and one that fits none."""
    DepartmentFactory(practice=practice, external_id="2", name="Harbor")
    ProviderFactory(practice=practice, external_id="72", name="Dr. Ben Lind")
    fits = {
        "department_external_id": "2",
        "provider_external_ids": ["72", "71"],
        "route_risk": Risk.ENHANCED,
        "route_language": "es",
    }
    visit = visit_in(practice, 5, "Fits", **fits)
    WorkItemFactory(appointment=visit, kind=WorkItemKind.CONFLICT)
    far = visit_in(practice, 300, "Fitstoo", **fits)
    WorkItemFactory(appointment=far, kind=WorkItemKind.CONFLICT)
    other = {"provider_external_ids": ["7"], "route_risk": Risk.STANDARD, "route_language": "en"}
    visit_in(practice, 5, "Other", **other)
    WorkItemFactory(appointment=visit_in(practice, 300, "Othertoo", **other))
    return fits


@pytest.mark.parametrize(
    "query",
    [
        "department=2",
        "provider=72",
        "provider=71",
        "reason=conflict",
        "risk=enhanced",
        "language=es",
    ],
)
def test_a_filter_keeps_what_fits_and_says_what_it_hides(
    client: Client, practice: Practice, desk: User, query: str
) -> None:
    filtered(practice)
    page = shown(client, f"?{query}")
    assert "Fits Test" in page and "Fitstoo Test" in page
    assert "Other Test" not in page and "Othertoo Test" not in page
    assert "2 hidden by filters" in page
    assert "Show all" in page


def test_filters_add_up_and_are_shown_as_chosen(
    client: Client, practice: Practice, desk: User
) -> None:
    filtered(practice)
    page = shown(client, "?department=2&risk=standard")
    assert "Nothing fits these filters" in page
    assert "The filters hide 4 rows" in page
    assert '<option value="2" selected>Harbor</option>' in page


def test_no_answer_yet_is_a_reason_too(client: Client, practice: Practice, desk: User) -> None:
    filtered(practice)
    page = shown(client, "?reason=unconfirmed")
    assert "Other Test" in page
    assert "3 hidden by filters" in page


def test_what_does_not_exist_is_left_out_and_named(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Fits")
    page = shown(client, "?department=9999&risk=%27--&show=never&page=x&language=")
    assert "Fits Test" in page
    assert "so it was left out: department, risk, days." in page
    assert "hidden by filters" not in page


def test_a_press_leads_back_to_the_same_filters(
    client: Client, practice: Practice, desk: User
) -> None:
    visit = visit_in(practice, 5, department_external_id="1")
    query = f"practice={practice.pk}&show=all&department=1"
    page = shown(client, f"?{query}")
    body = dict(re.findall(r'name="(form|seen)" value="([^"]*)"', page))
    answer = client.post(f"/worklist/visits/{visit.pk}/call/", body | {"kind": "confirmed"})
    assert answer.url == f"/worklist/?{query}#visit-{visit.pk}"


@pytest.mark.parametrize(
    "text", ["nunez", "ana n", "Núñez Ana", "(617) 253-0188", "2530188", "+1 617 253 0188", "Luz"]
)
def test_somebody_is_found_by_name_or_number(
    client: Client, practice: Practice, desk: User, text: str
) -> None:
    mother = Contact("Luz Delgado", "Parent", "6172530143")
    ana = named(practice, "Ana", "Núñez", mobile_phone="6172530188", guarantor=mother)
    visit_in(practice, 5, patient=ana)
    visit_in(practice, 5, "Other")
    page = find(client, text)
    assert "Ana Núñez" in page
    assert "Other Test" not in page
    assert "among all 2 rows" in page


def test_a_search_looks_behind_filters_at_both_lists_and_at_who_is_put_off(
    client: Client, practice: Practice, desk: User
) -> None:
    later = visit_in(practice, 70, "Somebody")
    again = timezone.now() + timedelta(hours=1)
    ResponseFactory(appointment=later, kind=ReplyKind.NO_ANSWER, channel="", again_at=again)
    WorkItemFactory(appointment=visit_in(practice, 300, "Somebodyelse"))
    page = find(client, "somebody")
    assert "Somebody Test" in page and "Somebodyelse Test" in page
    assert "2 found" in page


def test_what_was_searched_is_on_the_page_and_nowhere_else(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Secretname")
    page = find(client, "secretname")
    assert "Searched for <strong>secretname</strong>" in page
    links = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert not [link for link in links if "secret" in link.lower()]
    assert "secret" not in str(list(AuditEvent.objects.values())).lower()
    event = AuditEvent.objects.get(action="page.viewed")
    assert event.detail == {"page": "worklist.search", "rows": 1}


def test_who_is_not_on_the_list_is_not_found(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Done", confirmation="confirmed")
    visit_in(PracticeFactory(), 5, "Done")
    assert "Nobody on the list has this name or number" in find(client, "done")


@pytest.mark.parametrize("text", ["", "a", "61", "%"])
def test_a_search_for_nearly_everybody_is_asked_for_more(
    client: Client, practice: Practice, desk: User, text: str
) -> None:
    visit_in(practice, 5, "Ada")
    page = find(client, text)
    assert "at least two letters" in page
    assert "Ada Test" not in page


@pytest.mark.parametrize("address", ["search/", "bulk/", "bulk/apply/"])
def test_who_comes_back_from_signing_in_is_led_to_the_list(
    client: Client, practice: Practice, desk: User, address: str
) -> None:
    assert client.get(f"/worklist/{address}").url == "/worklist/"


ADDRESSES = ("search/", "news/", "print/", "export.csv", "bulk/", "bulk/apply/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_door_is_closed_to_other_roles_practices_and_nobody(
    client: Client, practice: Practice, address: str
) -> None:
    path = f"/worklist/{address}"
    reach = client.get if address in ("print/", "export.csv") else client.post
    assert reach(path).url.startswith("/accounts/login/")
    for role in (CLINICAL_OPS, ADMINS, None):
        client.force_login(UserFactory(role=role, practices=[practice]))
        assert reach(path).status_code == 403
    client.force_login(UserFactory(role="Front desk", practices=[PracticeFactory()]))
    assert reach(path, {"practice": practice.pk}).status_code == 404


@pytest.mark.parametrize("query", ["?show=all", "?show=all&provider=71&risk=standard&language=en"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, practice: Practice, desk: User, query: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            shown(client, query)
        return len(caught)

    patient = named(practice, "Many")
    fill(practice, patient, 10)
    few = queries()
    fill(practice, patient, 290)
    assert queries() == few
    assert "1 to 100 of 300" in shown(client, query)


def test_a_search_asks_as_often_for_many_as_for_few(
    client: Client, practice: Practice, desk: User
) -> None:
    patient = named(practice, "Many")
    fill(practice, patient, 10)
    with CaptureQueriesContext(connection) as few:
        find(client, "many")
    fill(practice, patient, 140)
    with CaptureQueriesContext(connection) as many:
        assert "300 found, the first of them are shown" in find(client, "many")
    assert len(many) == len(few)


def test_turning_the_page_keeps_the_filters(client: Client, practice: Practice, desk: User) -> None:
    fill(practice, named(practice, "Many"), 101)
    page = shown(client, "?show=all&risk=standard")
    onward = re.search(r'href="([^"]*&amp;page=2)"', page).group(1).replace("&amp;", "&")
    assert "101 to 101 of 101" in shown(client, onward)
    assert "risk=standard" in onward and "show=all" in onward


def fill(practice: Practice, patient, number: int) -> None:
    route = {"route_risk": Risk.STANDARD, "route_language": "en"}
    for n in range(number):
        visit = visit_in(practice, 10 + n / 10, patient=patient, **route)
        heard = ResponseFactory(appointment=visit, kind=ReplyKind.LEFT_VOICEMAIL, channel="")
        EffectFactory(appointment=visit, response=heard, kind=EffectKind.SCHEDULE_NOTE)
        WorkItemFactory(appointment=visit)
        WorkItemFactory(appointment=visit_in(practice, 300, patient=patient, **route))


@pytest.mark.parametrize("text", ["peggy", "Margaret Ru", "peggy ruiz"])
def test_a_patient_is_found_and_shown_by_both_names(
    client: Client, practice: Practice, desk: User, text: str
) -> None:
    visit_in(practice, 5, patient=named(practice, "Margaret", "Ruiz", preferred_name="Peggy"))
    visit_in(practice, 6, "Margo")
    page = find(client, text)
    assert "Margaret Ruiz" in page and "Goes by Peggy" in page
    assert "Margo Test" not in page
