"""The link to a video visit on the visit's page: when it comes, and for whom it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from audit.models import AuditEvent
from campaigns.models import ROLES, Appointment
from tests.factories import AppointmentFactory, UserFactory

LINK = "https://telehealth.example.com/room/join-1"
# Three in the afternoon at the east coast.
VISIT = datetime(2026, 12, 3, 20, tzinfo=UTC)
SEVEN = datetime(2026, 12, 3, 12, 3, tzinfo=UTC)


@pytest.fixture
def page(client: Client, db: None, settings: Any):
    """The page of a video visit at a moment."""
    settings.KEPT_CLOCK = "process"

    def read(at: datetime, role: str = ROLES[0], **fields: object) -> str:
        with time_machine.travel(at, tick=False):
            visit = AppointmentFactory(**{"starts_at": VISIT, "telehealth": True, **fields})
            client.force_login(UserFactory(role=role, practices=[visit.practice]))
            answer = client.get(f"/appointments/{visit.pk}/")
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return read


@pytest.mark.parametrize("role", ROLES)
def test_on_the_day_whoever_may_read_the_page_can_read_it_out(page, role: str) -> None:
    text = page(SEVEN + timedelta(hours=2), role, join_url=LINK, join_read_at=SEVEN)
    assert "added 7:03 AM" in text
    assert f'<a href="{LINK}" rel="noopener noreferrer" target="_blank">{LINK}</a>' in text
    assert LINK not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.filter(action="page.viewed").count() == 1


def test_before_its_day_it_is_still_to_come(page) -> None:
    assert "comes on the day of the visit" in page(VISIT - timedelta(days=1))


def test_the_day_is_that_of_the_department(page) -> None:
    midnight_in_the_east = datetime(2026, 12, 3, 5, 30, tzinfo=UTC)
    assert "being asked for" in page(midnight_in_the_east)
    west = page(midnight_in_the_east, time_zone="America/Los_Angeles")
    assert "comes on the day of the visit" in west


def test_that_there_is_none_is_said(page) -> None:
    text = page(SEVEN + timedelta(hours=1), join_read_at=SEVEN)
    assert "athenahealth has none (asked at 7:03 AM)" in text


def test_the_link_of_another_day_is_not_shown(page) -> None:
    """The visit was moved since: the old link leads nowhere."""
    text = page(SEVEN, join_url=LINK, join_read_at=SEVEN - timedelta(days=2))
    assert LINK not in text
    assert "being asked for" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"telehealth": False},
        {"telehealth": None},
        {"status": "cancelled"},
        {"starts_at": VISIT - timedelta(days=1)},
    ],
)
def test_other_visits_say_nothing_of_it(page, fields: dict) -> None:
    text = page(SEVEN, join_url=LINK, join_read_at=SEVEN, **fields)
    assert "Video link" not in text and LINK not in text


def test_the_kind_of_visit_is_enough(page) -> None:
    assert "Video link" in page(SEVEN, telehealth=None, route_modality="telehealth")


def test_the_link_lies_encrypted(page) -> None:
    page(SEVEN, join_url=LINK, join_read_at=SEVEN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT join_url FROM campaigns_appointment")
        assert LINK not in str(cursor.fetchall())
    assert Appointment.objects.get().join_url == LINK
