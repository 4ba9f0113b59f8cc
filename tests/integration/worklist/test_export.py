"""The list as a file: complete, safe to open, and written down."""

from __future__ import annotations

import csv
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from audit.models import AuditEvent
from campaigns.domain.coverage import Code
from campaigns.models import Practice
from campaigns.worklist import export
from project.models import User
from tests.integration.worklist.desk_room import desk, named, practice, visit_in

__all__ = ["desk", "practice"]


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/worklist/export.csv{query}")
    assert answer.status_code == 200
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(body.decode("utf-8-sig").splitlines(keepends=True)))


def test_a_line_says_what_the_row_says(client: Client, practice: Practice, desk: User) -> None:
    visit = visit_in(practice, 5, code=Code.NO_CONTACT_CHANNEL, time_zone="America/Los_Angeles")
    (line,) = exported(client)
    # A file is opened on other days, too: "today" would be wrong then.
    local = visit.starts_at.astimezone(ZoneInfo("America/Los_Angeles"))
    assert line["Date"] == local.date().isoformat()
    assert line["Patient"] == "Rosa Delgado"
    assert line["Phone"] == "(617) 253-0142 (mobile)"
    assert line["Time zone"] == "Los Angeles time"
    assert (line["Visit"], line["Provider"]) == ("Annual physical", "Dr. Amara Osei")
    assert line["Department"] == "Main Street"
    assert "No usable mobile number or email on file" in line["Why it is here"]


def test_the_soonest_come_first_however_many_are_read_at_a_time(
    client: Client, practice: Practice, desk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    for hours, name in ((9, "Cy"), (5, "Ada"), (11, "Eve"), (7, "Bo"), (10, "Di")):
        visit_in(practice, hours, name)
    names = [line["Patient"] for line in exported(client)]
    assert names == ["Ada Test", "Bo Test", "Cy Test", "Di Test", "Eve Test"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "\t="])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    assert export.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Rosa", "(617) 253-0142", "O'Neil", "9:00 AM", "a=b"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert export.guarded(cell) == cell


def test_a_name_that_is_a_formula_leaves_as_text(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, patient=named(practice, '=cmd|" /C calc"!A0', "@x"))
    (line,) = exported(client)
    assert line["Patient"] == '\'=cmd|" /C calc"!A0 @x'


def test_it_follows_the_view_and_the_filters(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5, "Here")
    visit_in(practice, 5, "There", department_external_id="2")
    assert [line["Patient"] for line in exported(client, "?department=1")] == ["Here Test"]


def test_an_empty_list_is_a_file_with_headings_only(
    client: Client, practice: Practice, desk: User
) -> None:
    assert exported(client) == []


def test_a_file_is_written_down_as_a_disclosure_before_it_leaves(
    client: Client, practice: Practice, desk: User
) -> None:
    visit_in(practice, 5)
    answer = client.get("/worklist/export.csv")
    event = AuditEvent.objects.get(action="worklist.exported")
    assert (event.actor, event.practice, event.detail) == (
        "dana",
        practice.external_id,
        {"rows": 1},
    )
    assert answer["Content-Disposition"].startswith('attachment; filename="worklist-2')
    assert "no-store" in answer["Cache-Control"]
    answer.close()
