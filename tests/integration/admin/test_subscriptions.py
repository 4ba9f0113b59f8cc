"""The console's page of event subscriptions: in plain words, and with wishes instead of calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from campaigns.clock import database_now
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, Practice
from integrations.athenahealth.events.topics import TOPICS
from integrations.models import Connection, EventSubscription, Feed, FeedCursor, HttpExchange, Wish
from tests.factories import PracticeFactory, UserFactory
from tests.integration.event_room import connected, subscribed

LIST = "/admin/integrations/eventsubscription/"
CONNECTIONS = "/admin/integrations/connection/"


@pytest.fixture
def practice(db: None) -> Practice:
    return PracticeFactory(external_id="195900")


@pytest.fixture
def connection(practice: Practice, settings: Any) -> Connection:
    settings.PUBLIC_URL = "https://kept.example.org"
    return connected(practice, webhook_secret="hook")


@pytest.fixture
def admin(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="ada", role=ADMINS, practices=[practice]))
    return client


def pressed(client: Client, address: str) -> str:
    answer = client.post(address, follow=True)
    assert answer.status_code == 200
    return str(next(iter(answer.context["messages"])))


def due() -> bool:
    now = database_now()
    return FeedCursor.objects.filter(feed=Feed.SUBSCRIPTIONS, next_poll_at__lte=now).exists()


def test_the_list_says_it_in_plain_words(admin: Client, connection: Connection) -> None:
    now = database_now()
    subscribed(connection, now - timedelta(days=2))
    rows = EventSubscription.objects.filter
    rows(topic="Appointment.cancel").update(silent_since=now)
    rows(topic="Appointment.check-in").update(ends_at=now - timedelta(hours=1))
    rows(topic="Patient.merge").update(status="error", problem="What went wrong, in a sentence.")
    rows(topic="Patient.update").update(status="something new")
    page = admin.get(LIST).content.decode()
    for words in (
        *(said.replace("'", "&#x27;") for said in TOPICS.values()),
        "active",
        "silent",
        "Kept found changes by polling that it did not tell of.",
        "ended",
        "in error",
        "something new",
        "What went wrong, in a sentence.",
    ):
        assert words in page, words


def test_the_button_of_the_connection_wishes_and_calls_nobody(
    admin: Client, connection: Connection
) -> None:
    page = admin.get(f"{CONNECTIONS}{connection.pk}/change/").content.decode()
    assert "Subscribe to events" in page
    said = pressed(admin, f"{CONNECTIONS}{connection.pk}/do/subscribe/")
    assert said.startswith("Kept will be subscribed to 8 kinds of events.")
    assert set(EventSubscription.objects.values_list("topic", "status")) == {
        (topic, Wish.WANTED) for topic in TOPICS
    }
    assert due() and not HttpExchange.objects.exists()
    events = AuditEvent.objects.filter(action="subscription.wanted")
    assert set(events.values_list("actor", flat=True)) == {"ada"} and events.count() == 8
    page = admin.get(f"{CONNECTIONS}{connection.pk}/change/").content.decode()
    assert "Subscribe to events" not in page


def test_what_is_missing_is_said_instead(
    admin: Client, connection: Connection, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    said = pressed(admin, f"{CONNECTIONS}{connection.pk}/do/subscribe/")
    assert "Set PUBLIC_URL" in said
    assert not EventSubscription.objects.exists() and not due()


def test_relatient_has_no_such_button(admin: Client, practice: Practice) -> None:
    relatient = Connection.objects.create(practice=practice, vendor="relatient")
    page = admin.get(f"{CONNECTIONS}{relatient.pk}/change/").content.decode()
    assert "Subscribe to events" not in page


@pytest.mark.parametrize(
    ("verb", "status", "action"),
    [
        ("renew", Wish.RENEW, "subscription.renewal_wanted"),
        ("delete", Wish.DELETE, "subscription.deletion_wanted"),
    ],
)
def test_one_is_renewed_or_deleted(
    admin: Client, connection: Connection, verb: str, status: Wish, action: str
) -> None:
    subscribed(connection, database_now())
    row = EventSubscription.objects.get(topic="Appointment.update")
    assert "within a minute or two" in pressed(admin, f"{LIST}{row.pk}/do/{verb}/")
    row.refresh_from_db()
    assert row.status == status
    assert EventSubscription.objects.filter(status="active").count() == 7
    assert due()
    assert AuditEvent.objects.get(action=action).detail == {"topic": "Appointment.update"}
    # The same again does nothing.
    assert pressed(admin, f"{LIST}{row.pk}/do/{verb}/") == "There was nothing to do any more."


def test_subscribing_again_takes_a_deletion_back(admin: Client, connection: Connection) -> None:
    subscribed(connection, database_now())
    EventSubscription.objects.filter(topic="Patient.merge").update(status=Wish.DELETE)
    pressed(admin, f"{CONNECTIONS}{connection.pk}/do/subscribe/")
    assert EventSubscription.objects.get(topic="Patient.merge").status == Wish.RENEW


@pytest.mark.parametrize("role", [FRONT_DESK, CLINICAL_OPS])
def test_only_admins_have_the_page(
    client: Client, practice: Practice, connection: Connection, role: str
) -> None:
    subscribed(connection, database_now())
    client.force_login(UserFactory(role=role, practices=[practice]))
    assert client.get(LIST).status_code in (302, 403)
    row = EventSubscription.objects.get(topic="Appointment.update")
    assert client.post(f"{LIST}{row.pk}/do/delete/").status_code in (302, 403)
    row.refresh_from_db()
    assert row.status == "active"


def test_another_practices_are_not_shown(admin: Client, connection: Connection) -> None:
    other = connected(PracticeFactory(name="Zebra Pediatrics"))
    subscribed(other, database_now())
    row = EventSubscription.objects.first()
    assert row is not None
    assert "Zebra" not in admin.get(LIST).content.decode()
    assert admin.post(f"{LIST}{row.pk}/do/delete/").status_code == 404


@pytest.mark.parametrize("practices", [1, 6])
def test_the_list_costs_the_same_however_long(
    client: Client, db: None, django_assert_max_num_queries: Any, practices: int
) -> None:
    for _ in range(practices):
        subscribed(connected(PracticeFactory()), database_now())
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    client.get(LIST)
    with django_assert_max_num_queries(12):
        client.get(LIST)
