"""The console's first page: today and tomorrow, both vendors, the last two weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.domain.coverage import Code, State, state_of
from campaigns.domain.values import EnrollmentStatus, ReplyKind, WorkItemKind
from campaigns.models import ADMINS, CLINICAL_OPS, Appointment, Enrollment, Practice
from campaigns.reports.last_two_weeks import fortnight
from campaigns.reports.today_and_tomorrow import today_and_tomorrow
from integrations.health.vendor_health import health_of
from integrations.models import Connection, Feed, FeedCursor
from project.console.charts import HEIGHT, bars
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignRuleFactory,
    PatientFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)

pytestmark = pytest.mark.django_db
# Eight in the morning in New York, and of the same day everywhere in America.
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
TODAY = date(2026, 6, 10)


@pytest.fixture
def practice() -> Practice:
    return PracticeFactory(name="Lakeside Family Medicine")


@pytest.fixture
def ops(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="vera", role=CLINICAL_OPS, practices=[practice]))
    return client


def at(day: int, hour: int, zone: str = "America/New_York") -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def visit(practice: Practice, starts_at: datetime, **columns: Any) -> Appointment:
    return AppointmentFactory(practice=practice, starts_at=starts_at, **columns)


def figures(practice: Practice) -> list[dict[str, int]]:
    days = today_and_tomorrow([practice], NOW)
    return [{f.words: f.count for f in (day.visits, *day.figures)} for day in days]


def test_today_and_tomorrow_are_the_clinics_own(practice: Practice) -> None:
    visit(practice, at(10, 23))
    visit(practice, at(11, 0))
    visit(practice, at(11, 23))
    visit(practice, at(12, 0))
    today, tomorrow = figures(practice)
    assert (today["visits"], tomorrow["visits"]) == (1, 2)
    assert [day.day for day in today_and_tomorrow([practice], NOW)] == [TODAY, date(2026, 6, 11)]


def test_what_the_day_still_needs(practice: Practice) -> None:
    visit(practice, at(10, 7))
    visit(practice, at(10, 9), confirmation="confirmed")
    visit(practice, at(10, 10))
    answered = visit(practice, at(10, 11))
    ResponseFactory(appointment=answered, kind=ReplyKind.CONFIRMED)
    visit(practice, at(10, 14), code=Code.NO_CONTACT_CHANNEL)
    visit(practice, at(10, 15), code=Code.SECONDARY_RESOURCE)
    gone = visit(practice, at(10, 16), status="cancelled", code=Code.CANCELLED)
    WorkItemFactory(appointment=gone, kind=WorkItemKind.OPEN_SLOT)
    WorkItemFactory(appointment=answered, kind=WorkItemKind.CHART_WRITE_FAILED)
    WorkItemFactory(
        appointment=gone, kind=WorkItemKind.CHART_WRITE_FAILED, closed_at=timezone.now()
    )
    today, tomorrow = figures(practice)
    assert today == {
        "visits": 6,
        "not confirmed yet": 2,
        "without a way to reach": 1,
        "answers not written to the chart": 1,
        "open slots": 1,
    }
    assert set(tomorrow.values()) == {0}


def test_its_numbers_lead_to_the_rows(ops: Client, practice: Practice) -> None:
    now = timezone.now()
    here = now.astimezone(ZoneInfo(practice.time_zone)).replace(hour=23, minute=30)
    visit(practice, here.astimezone(UTC), code=Code.NO_CONTACT_CHANNEL)
    visit(practice, here.astimezone(UTC))
    visit(practice, here.astimezone(UTC) + timedelta(days=1))
    today = ops.get("/admin/").context["days"][0]
    for figure in (today.visits, today.figures[1]):
        assert ops.get(figure.address).context["cl"].queryset.count() == figure.count > 0


def test_the_last_days_by_the_day_of_the_visit(practice: Practice) -> None:
    kept = visit(practice, at(9, 23), status="completed", code=Code.COMPLETED)
    Appointment.objects.filter(pk=kept.pk).update(confirmation="confirmed")
    enroll(kept, EnrollmentStatus.COMPLETED)
    missed = visit(practice, at(9, 8), status="no_show", code=Code.NO_SHOW)
    enroll(missed, EnrollmentStatus.FAILED)
    visit(practice, at(1, 8), status="cancelled", code=Code.CANCELLED)
    visit(practice, at(1, 8), status="rescheduled", code=Code.RESCHEDULED)
    visit(practice, at(10, 8))
    visit(practice, datetime(2026, 5, 26, 12, tzinfo=UTC))
    past = fortnight([practice], NOW)
    rows = {day: numbers for day, numbers in past.rows if any(numbers)}
    assert rows == {date(2026, 6, 9): [2, 1, 1, 0, 1], date(2026, 6, 1): [2, 0, 0, 2, 0]}
    assert (past.days[0], past.days[-1], len(past.days)) == (
        date(2026, 5, 27),
        date(2026, 6, 9),
        14,
    )


def enroll(row: Appointment, status: EnrollmentStatus) -> None:
    Enrollment.objects.create(
        practice=row.practice,
        appointment=row,
        patient=row.patient,
        generation=1,
        campaign="cmp",
        vendor_id=f"enr_{row.pk}",
        lead_channel="sms",
        status=status,
        starts_at=row.starts_at,
        created_at=NOW,
    )


def connect(practice: Practice, vendor: str, **columns: Any) -> Connection:
    return Connection.objects.create(practice=practice, vendor=vendor, **columns)


def feed(row: Connection, which: Feed, minutes: float | None, **columns: Any) -> None:
    read = None if minutes is None else NOW - timedelta(minutes=minutes)
    FeedCursor.objects.create(
        practice=row.practice, connection=row, feed=which, last_success_at=read, **columns
    )


def said(practice: Practice) -> list[tuple[str, str]]:
    return [(health.words, health.look) for health in health_of([practice], NOW)]


def test_how_fresh_both_vendors_are(practice: Practice) -> None:
    athena = connect(practice, "athenahealth")
    feed(athena, Feed.APPOINTMENTS, 3)
    feed(athena, Feed.PATIENTS, 0)
    feed(athena, Feed.RECONCILE, 900)
    feed(connect(practice, "relatient"), Feed.EVENTS, 1)
    assert said(practice) == [("3 minutes ago", "success"), ("1 minute ago", "success")]


def test_what_is_wrong_is_said_instead(practice: Practice) -> None:
    athena = connect(practice, "athenahealth", paused_at=NOW - timedelta(hours=1), paused_by="omar")
    assert said(practice) == [
        ("is paused by omar since today, 7:00 AM", "warning"),
        ("is not connected", "danger"),
    ]
    Connection.objects.update(paused_at=None, paused_by="")
    feed(athena, Feed.APPOINTMENTS, None)
    assert said(practice)[0] == ("has not been read yet", "warning")
    FeedCursor.objects.update(last_success_at=NOW - timedelta(hours=3))
    assert said(practice)[0][0].startswith("3 hours ago, later than usual")
    FeedCursor.objects.update(failing_since=NOW - timedelta(hours=20))
    assert said(practice)[0] == ("cannot be read since yesterday, 12:00 PM", "danger")


def test_the_page_says_it_in_one_sentence(ops: Client, practice: Practice) -> None:
    now = timezone.now()
    for vendor, which in (("athenahealth", Feed.APPOINTMENTS), ("relatient", Feed.EVENTS)):
        FeedCursor.objects.create(
            practice=practice,
            connection=connect(practice, vendor),
            feed=which,
            last_success_at=now - timedelta(minutes=3, seconds=5),
        )
    page = ops.get("/admin/").content.decode()
    assert "athenahealth 3 minutes ago, Relatient 3 minutes ago." in page


def test_a_new_practice_sees_its_first_steps(ops: Client, practice: Practice) -> None:
    page = ops.get("/admin/").content.decode()
    assert "Connect athenahealth and Relatient." in page
    assert "No visits were due in these days" in page
    assert "Nothing: there are no upcoming visits." in page
    for vendor in ("athenahealth", "relatient"):
        connect(practice, vendor)
    AppointmentTypeFactory(practice=practice)
    CampaignRuleFactory(practice=practice)
    assert [step.done for step in ops.get("/admin/").context["steps"]] == [True, True, True, False]
    visit(practice, timezone.now())
    assert "First steps" not in ops.get("/admin/").content.decode()


def test_somebody_without_a_practice_is_told_so(client: Client) -> None:
    visit(PracticeFactory(), timezone.now())
    client.force_login(UserFactory(role=ADMINS))
    page = client.get("/admin/").content.decode()
    assert "You do not belong to an active practice yet" in page
    assert "Today and tomorrow" not in page


def test_another_practice_is_not_counted(ops: Client, practice: Practice) -> None:
    elsewhere = PracticeFactory(name="Zebra Pediatrics")
    visit(elsewhere, timezone.now() + timedelta(hours=1))
    visit(elsewhere, timezone.now() - timedelta(days=2), code=Code.NO_SHOW, status="no_show")
    context = ops.get("/admin/").context
    assert context["coverage_total"] == 0
    assert context["past"].visits.total == 0
    assert {figure.count for day in context["days"] for figure in day.figures} == {0}


def test_charts_have_the_same_in_numbers(ops: Client, practice: Practice) -> None:
    visit(practice, timezone.now() - timedelta(days=2), code=Code.NO_SHOW, status="no_show")
    page = ops.get("/admin/").content.decode()
    assert page.count('<svg class="console-chart"') == 4
    assert "No-show: 1" in page
    assert "The same in numbers" in page


def test_bars_show_also_the_smallest_number() -> None:
    drawn = bars([0, 1, 1000])
    assert [bar.height for bar in drawn] == [0, 2, HEIGHT]
    assert [bar.y + bar.height for bar in drawn] == [HEIGHT] * 3
    assert not bars([])
    assert [bar.height for bar in bars([0, 0])] == [0, 0]


def many(practice: Practice, number: int) -> None:
    """Visits of these weeks, in several states."""
    patient = PatientFactory(practice=practice)
    first = visit(practice, timezone.now(), patient=patient)
    template = {
        field.attname: getattr(first, field.attname)
        for field in Appointment._meta.concrete_fields
        if not field.primary_key
    }
    codes = [Code.ENROLLED, Code.NO_SHOW, Code.CANCELLED, Code.NO_RULE]
    statuses = {State.CLOSED: "no_show"}
    rows = []
    for n in range(number):
        starts = timezone.now() + timedelta(days=n % 20 - 15)
        code = codes[n % 4]
        changed = {
            "external_id": f"m{number}-{n}",
            "starts_at": starts,
            "local_start": starts,
            "coverage_code": code,
            "coverage_state": state_of(code),
            "status": statuses.get(state_of(code), "scheduled"),
        }
        rows.append(Appointment(**{**template, **changed}))
    Appointment.objects.bulk_create(rows, batch_size=500)


def test_a_thousand_visits_take_as_many_queries_as_ten(ops: Client, practice: Practice) -> None:
    many(practice, 10)
    with CaptureQueriesContext(connection) as few:
        ops.get("/admin/")
    many(practice, 1_000)
    with CaptureQueriesContext(connection) as more:
        assert ops.get("/admin/").context["past"].visits.total > 500
    assert len(more) == len(few)
