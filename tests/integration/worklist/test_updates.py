"""The bar that says what came and went, without keeping anybody signed in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from campaigns.models import Appointment, Practice
from integrations.models import Connection, Feed, FeedCursor
from project.models import User
from tests.factories import WorkItemFactory
from tests.integration.worklist.desk_room import desk, practice, shown, visit_in

__all__ = ["desk", "practice"]


def known(page: str) -> str:
    return re.search(r'name="known" value="([^"]*)"', page).group(1)


def news(client: Client, marks: str, query: str = "") -> str:
    answer = client.post(f"/worklist/news/{query}", {"known": marks})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def heard(practice: Practice, minutes: float) -> None:
    connection = Connection.objects.create(practice=practice, vendor="athenahealth")
    FeedCursor.objects.create(
        practice=practice,
        connection=connection,
        feed=Feed.APPOINTMENTS,
        last_success_at=timezone.now() - timedelta(minutes=minutes),
    )


def test_nothing_new_is_said_as_well(client: Client, practice: Practice, desk: User) -> None:
    visit_in(practice, 5)
    WorkItemFactory(appointment=visit_in(practice, 300))
    assert "Nothing new" in news(client, known(shown(client)))


def test_what_came_and_what_went_is_counted(client: Client, practice: Practice, desk: User) -> None:
    leaves = visit_in(practice, 5)
    visit_in(practice, 6)
    marks = known(shown(client))
    Appointment.objects.filter(pk=leaves.pk).update(confirmation="confirmed")
    visit_in(practice, 7, "Secret")
    WorkItemFactory(appointment=visit_in(practice, 300))
    said = news(client, marks)
    assert "2 new, 1 gone" in said
    assert f'href="/worklist/?practice={practice.pk}"' in said
    assert "Secret" not in said


def test_what_was_said_before_is_not_read_aloud_again(
    client: Client, practice: Practice, desk: User
) -> None:
    shown(client)
    visit_in(practice, 5)
    first = client.post("/worklist/news/", {"known": "", "said": "0,0"})
    assert "HX-Reswap" not in first
    again = client.post("/worklist/news/", {"known": "", "said": "1,0"})
    assert again["HX-Reswap"] == "none"
    assert 'hx-swap-oob="true"' in again.content.decode()


def test_only_rows_of_the_same_view_and_filters_are_news(
    client: Client, practice: Practice, desk: User
) -> None:
    query = f"?practice={practice.pk}&department=1"
    marks = known(shown(client, query))
    visit_in(practice, 5, department_external_id="2")
    assert "Nothing new" in news(client, marks, query)
    visit_in(practice, 5)
    said = news(client, marks, query)
    assert "1 new" in said
    assert f'href="/worklist/?practice={practice.pk}&amp;department=1"' in said


@pytest.mark.parametrize(
    ("minutes", "words", "stale"),
    [
        (0, "athenahealth just now", False),
        (1.5, "athenahealth 1 minute ago", False),
        (29, "athenahealth 29 minutes ago", False),
        (40, "athenahealth 40 minutes ago", True),
        (130, "athenahealth 2 hours ago", True),
        (60 * 24 * 3 + 1, "athenahealth 3 days ago", True),
    ],
)
def test_it_says_how_old_the_chart_is(
    client: Client, practice: Practice, desk: User, minutes: float, words: str, stale: bool
) -> None:
    heard(practice, minutes)
    page = shown(client)
    assert words in page
    assert ("Not up to date:" in page) is stale
    assert words in news(client, "")


def test_a_practice_that_was_never_polled_is_not_up_to_date(
    client: Client, practice: Practice, desk: User
) -> None:
    assert "Not up to date: athenahealth was not asked yet" in " ".join(shown(client).split())


def test_a_page_that_asks_for_news_keeps_nobody_signed_in(
    client: Client, practice: Practice, desk: User
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        marks = known(shown(client))
        ends = Session.objects.get().expire_date
        clock.shift(timedelta(minutes=10))
        answer = client.post("/worklist/news/", {"known": marks})
        assert "sessionid" not in answer.cookies
        assert Session.objects.get().expire_date == ends
        clock.shift(timedelta(minutes=6))
        answer = client.post("/worklist/news/", {"known": marks})
        assert answer.url.startswith("/accounts/login/")


def test_a_person_who_looks_stays_signed_in(client: Client, practice: Practice, desk: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        shown(client)
        clock.shift(timedelta(minutes=10))
        shown(client)
        clock.shift(timedelta(minutes=6))
        assert "Work list" in shown(client)


@pytest.mark.parametrize("marks", ["x,,i,--", "1" * 50, ""])
def test_marks_that_no_page_made_do_no_harm(
    client: Client, practice: Practice, desk: User, marks: str
) -> None:
    assert "athenahealth" in news(client, marks)
