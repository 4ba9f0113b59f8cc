"""People: a role brings the console, and an admin's power ends at their own practices."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from audit.models import AuditEvent
from campaigns.access import CONSOLE
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, ROLES, Practice
from campaigns.practices.roles import ensure_roles
from project.models import User
from tests.factories import PASSWORD, PracticeFactory, UserFactory
from tests.integration.console_room import as_sent

LIST = "/admin/project/user/"


@pytest.fixture
def practice(db: None) -> Practice:
    return PracticeFactory()


@pytest.fixture
def ada(client: Client, practice: Practice) -> User:
    user = UserFactory(username="ada", role=ADMINS, practices=[practice])
    client.force_login(user)
    return user


def listed(client: Client) -> set[str]:
    return set(client.get(LIST).context["cl"].queryset.values_list("username", flat=True))


def works_for(practice: Practice) -> dict[str, object]:
    return {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-practice": practice.pk,
    }


def test_roles_are_made_once_with_exactly_their_rights(db: None) -> None:
    ensure_roles()
    Group.objects.get(name=FRONT_DESK).permissions.add(
        *Group.objects.get(name=ADMINS).permissions.all()[:1]
    )
    ensure_roles()
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    for role, rights in CONSOLE.items():
        expected = sum(len(verbs) for verbs in rights.values())
        assert Group.objects.get(name=role).permissions.count() == expected


def test_clinical_ops_touch_neither_audit_nor_connections_nor_people(db: None) -> None:
    forbidden = ("audit.", "project.", "axes.", "django_q.", "auth.", "integrations.connection")
    assert not [label for label in CONSOLE[CLINICAL_OPS] if label.startswith(forbidden)]


@pytest.mark.parametrize(
    ("role", "console"), [(FRONT_DESK, False), (CLINICAL_OPS, True), (ADMINS, True)]
)
def test_the_console_comes_and_goes_with_the_role(db: None, role: str, console: bool) -> None:
    user = UserFactory(role=role)
    user.refresh_from_db()
    assert user.is_staff is console
    user.groups.clear()
    user.refresh_from_db()
    assert not user.is_staff


def test_an_admin_sees_the_people_of_their_own_practices_only(
    client: Client, ada: User, practice: Practice
) -> None:
    UserFactory(username="colleague", practices=[practice])
    UserFactory(username="also-elsewhere", practices=[practice, PracticeFactory()])
    UserFactory(username="elsewhere", practices=[PracticeFactory()])
    UserFactory(username="root", is_superuser=True, practices=[practice])
    assert listed(client) == {"ada", "colleague"}


def test_an_admin_adds_a_colleague_with_role_and_practice(
    client: Client, ada: User, practice: Practice
) -> None:
    form = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "is_active": "on",
        "groups": [Group.objects.get(name=CLINICAL_OPS).pk],
        **works_for(practice),
    }
    assert client.post(f"{LIST}add/", form).status_code == 302
    made = User.objects.get(username="newcomer")
    assert made.is_staff
    assert not made.is_superuser
    assert made.memberships.get().practice == practice
    event = AuditEvent.objects.get(action="user.created")
    assert event.detail["roles"] == [CLINICAL_OPS]
    assert event.detail["practices"] == [practice.external_id]


def test_nobody_is_added_without_a_practice_or_to_a_foreign_one(
    client: Client, ada: User, practice: Practice
) -> None:
    form = {"username": "stray", "usable_password": "true", "is_active": "on"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    client.post(f"{LIST}add/", {**form, **works_for(PracticeFactory())})
    client.post(
        f"{LIST}add/", {**form, "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    )
    assert not User.objects.filter(username="stray").exists()


def test_an_admin_cannot_make_anybody_a_superuser(client: Client, ada: User) -> None:
    page = client.get(f"{LIST}{ada.pk}/change/").content.decode()
    assert "is_superuser" not in page
    assert "user_permissions" not in page
    membership = ada.memberships.get()
    form = {
        "username": "ada",
        "is_active": "on",
        "is_superuser": "on",
        "is_staff": "on",
        "groups": [group.pk for group in ada.groups.all()],
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": membership.pk,
        "memberships-0-user": ada.pk,
        "memberships-0-practice": membership.practice_id,
    }
    assert client.post(f"{LIST}{ada.pk}/change/", form).status_code == 302
    ada.refresh_from_db()
    assert not ada.is_superuser


def test_a_new_practice_belongs_to_whoever_added_it(client: Client, ada: User) -> None:
    page = client.get("/admin/campaigns/practice/add/")
    named = {"name": "Second Street Clinic", "external_id": "42"}
    body = as_sent(page.context["adminform"].form) | named
    assert client.post("/admin/campaigns/practice/add/", body).status_code == 302
    assert Practice.objects.get(external_id="42").memberships.get().user == ada
    assert AuditEvent.objects.filter(action="practice.created", practice="42").exists()
