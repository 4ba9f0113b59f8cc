"""The trail in the console: found by its ids, seen by whom it concerns, changed by nobody."""

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from audit.context import acting_as
from audit.models import AuditEvent
from audit.recorder import record
from project.models import User

LIST = "/admin/audit/auditevent/"


@pytest.fixture
def events(db: None) -> None:
    with transaction.atomic(), acting_as(user="dana"):
        record("rule.changed", practice="195900", appointment="9001", patient="311")
    with transaction.atomic(), acting_as(process="sweeper"):
        record("effect.attempt", practice="777", appointment="9002", patient="312")


@pytest.fixture
def boss(client: Client, db: None) -> User:
    user = User.objects.create_superuser("boss")
    client.force_login(user)
    return user


@pytest.fixture
def reader(client: Client, db: None) -> User:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    client.force_login(user)
    return user


def found(client: Client, query: str = "") -> set[str]:
    listed = client.get(LIST + query).context["cl"].queryset
    return set(listed.exclude(action__startswith="session.").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("search", "action"),
    [
        ("dana", "rule.changed"),
        ("9002", "effect.attempt"),
        ("311", "rule.changed"),
        ("effect", "effect.attempt"),
    ],
)
def test_events_are_found_by_person_appointment_patient_and_action(
    client: Client, events: None, boss: User, search: str, action: str
) -> None:
    assert found(client, f"?q={search}") == {action}


def test_whoever_searches_for_a_phone_number_is_told_that_none_is_kept(
    client: Client, events: None, boss: User
) -> None:
    answer = client.get(LIST, {"q": "212-555-0142"})
    assert "are not kept here" in answer.content.decode()
    assert not answer.context["cl"].queryset.exists()


def test_a_reader_sees_the_practices_they_belong_to(
    client: Client, events: None, reader: User, settings: Settings
) -> None:
    assert found(client) == set()
    settings.AUDIT_PRACTICES_OF_USER = f"{__name__}.practices_of"
    assert found(client) == {"effect.attempt"}


def practices_of(user: User) -> set[str]:
    return {"777"} if user.username == "reader" else set()


def test_nobody_adds_changes_or_removes_an_event(client: Client, events: None, boss: User) -> None:
    event = AuditEvent.objects.first()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{event.pk}/change/", {"action": "x"}).status_code == 403
    assert client.get(f"{LIST}{event.pk}/change/").status_code == 200
