"""The call sheets: one per provider, with what the desk needs on paper and no more."""

from __future__ import annotations

import re
from datetime import date

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from campaigns.domain.snapshot import Contact
from campaigns.models import Practice
from project.models import User
from tests.factories import ProviderFactory
from tests.integration.worklist.desk_room import desk, named, practice, visit_in

__all__ = ["desk", "practice"]


def printed(client: Client, query: str = "") -> str:
    answer = client.get(f"/worklist/print/{query}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def sheets(page: str) -> dict[str, str]:
    """The sheets by the provider in their heading."""
    found = re.findall(r'<section class="sheet"[^>]*>(.*?)</section>', page, re.S)
    return {re.search(r"<h1>(.*?)</h1>", sheet).group(1): sheet for sheet in found}


def test_every_provider_has_a_sheet_of_their_own(
    client: Client, practice: Practice, desk: User
) -> None:
    ProviderFactory(practice=practice, external_id="72", name="Dr. Ben Lind")
    visit_in(practice, 5, "Mine")
    visit_in(practice, 6, "Shared", provider_external_ids=["72", "71"])
    visit_in(practice, 7, "Nobodys", provider_external_ids=[])
    found = sheets(printed(client))
    assert list(found) == ["Dr. Amara Osei", "Dr. Ben Lind", "No provider named"]
    assert "Mine Test" in found["Dr. Amara Osei"]
    assert "Shared Test" not in found["Dr. Amara Osei"]
    assert "Shared Test" in found["Dr. Ben Lind"]
    assert "Nobodys Test" in found["No provider named"]


def test_a_sheet_says_whose_it_is_when_it_was_printed_and_by_whom(
    client: Client, practice: Practice, desk: User
) -> None:
    desk.first_name, desk.last_name = "Dana", "Weiss"
    desk.save()
    visit_in(practice, 5)
    (sheet,) = sheets(printed(client)).values()
    head = re.search(r"<header>(.*?)</header>", sheet, re.S).group(1)
    assert "Lakeside Family Medicine" in head
    assert re.search(r"\w+day, \w+ \d+, \d{4}, \d+:\d\d [AP]M · printed by Dana Weiss", head)


def test_a_row_has_time_name_number_boxes_and_room_for_a_note(
    client: Client, practice: Practice, desk: User
) -> None:
    mother = Contact("Luz Delgado", "Parent", "6172530143")
    child = named(practice, "Ana", date_of_birth=date(2020, 1, 1), guarantor=mother)
    visit_in(practice, 5, patient=child)
    (sheet,) = sheets(printed(client)).values()
    assert "Ana Test" in sheet
    assert "Ask for Luz Delgado (parent)" in sheet
    assert "(617) 253-0143 (mobile)" in sheet
    assert "253-0142" not in sheet
    assert sheet.count('<span class="box"></span>') == 3
    assert '<td class="notes"></td>' in sheet
    # Why somebody is on the list, and for what kind of visit, is nobody's business on paper.
    assert "Annual physical" not in sheet


def test_it_follows_the_view_and_the_filters_and_says_so(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Here")
    visit_in(practice, 5, "There", department_external_id="2")
    page = printed(client, "?show=all&department=1")
    assert "Here Test" in page and "There Test" not in page
    assert "department: Main Street" in page
    assert f'href="/worklist/?practice={practice.pk}&amp;show=all&amp;department=1"' in page


def test_nothing_to_print_is_said(client: Client, practice: Practice, desk: User) -> None:
    assert "Nothing to print" in printed(client)


def test_a_printed_list_is_written_down_as_a_disclosure(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5)
    visit_in(practice, 6)
    printed(client)
    event = AuditEvent.objects.get(action="worklist.printed")
    assert (event.actor, event.practice) == ("dana", practice.external_id)
    assert event.detail == {"rows": 2}


def test_it_asks_as_often_for_many_rows_as_for_few(
    client: Client, practice: Practice, desk: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            printed(client, "?show=all")
        return len(caught)

    patient = named(practice, "Many")
    for n in range(10):
        visit_in(practice, 10 + n / 10, patient=patient)
    few = queries()
    for n in range(290):
        visit_in(practice, 10 + n / 10, patient=patient)
    assert queries() == few


def test_the_charts_own_name_stands_on_paper_with_the_preferred_one_behind(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, patient=named(practice, "Margaret", "Ruiz", preferred_name="Peggy"))
    visit_in(practice, 6, patient=named(practice, "Ada", "Ruiz", preferred_name="n/a"))
    (sheet,) = sheets(printed(client)).values()
    assert '<td>Margaret Ruiz <span class="soft">Goes by Peggy</span></td>' in sheet
    assert "<td>Ada Ruiz</td>" in sheet
