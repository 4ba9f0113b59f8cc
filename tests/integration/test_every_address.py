"""Every address of the project, opened by everybody. What is expected stands in access.py alone.

The walk follows Django's own resolver: a page that is added without a word about who may open it
fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from campaigns.access import CONSOLE, PAGES
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, ROLES, Appointment, Practice
from tests.factories import PracticeFactory, UserFactory
from tests.integration.every_room import Address, every_address, fill, row_of

EVERYBODY, NOBODY, BOSS = "everybody without a role", "nobody", "superuser"
VISITORS = (*ROLES, EVERYBODY, BOSS)
SIGN_IN, CONSOLE_SIGN_IN = "/accounts/login/", "/admin/login/"
# Open without a role: the doors themselves, and what a load balancer asks.
OPEN = {"healthz": 200, "readyz": 200, "metrics": 200, "login": 200, "logout": 405}
# Where the vendors post: nobody signs in there, but every notification is signed.
POSTED = ("webhook-athenahealth", "webhook-relatient")
# What each page answers to a plain GET and to an empty POST by those it is for.
READ, WRITE = (200, 405), (405, 400)
ANSWERS: dict[str, tuple[int, int]] = {
    "worklist": READ,
    "worklist-search": (302, 200),
    "worklist-news": (405, 200),
    "worklist-print": READ,
    "worklist-export": READ,
    "worklist-bulk": (302, 302),
    "worklist-bulk-apply": (302, 400),
    "call": WRITE,
    "claim": (405, 302),
    "release": (405, 302),
    "undo-call": WRITE,
    "work-item-done": (405, 302),
    "texts-stop": (405, 302),
    "texts-still-wanted": (405, 302),
    "coverage": READ,
    "mapping": READ,
    "mapping-type": (405, 404),
    "mapping-rules": (405, 404),
    "mapping-import": (200, 404),
    "mapping-export": READ,
    "try": (200, 422),
    "reports": READ,
    "appointment": READ,
    "look-again": (405, 302),
    "instruct": WRITE,
    # Front desk may end a pause, which is what the instruction of the room is.
    "withdraw-instruction": (405, 302),
}
# In the console: by whom a kind of page is opened, as the right that it needs.
RIGHTS = {
    "changelist": "view",
    "change": "view",
    "history": "view",
    "add": "add",
    "delete": "delete",
    "do": "change",
    "progress": "view",
}
# Opened on a page of Kept instead.
ELSEWHERE = {"campaigns.appointment", "campaigns.campaignrule"}


@dataclass
class Room:
    """A practice with a row of everything, and the values for what addresses leave open."""

    practice: Practice
    visit: Appointment

    def address(self, of: Address) -> str:
        """A page's address with the ids of this practice in it."""
        values = {
            "appointment": self.visit.pk,
            "item": self.visit.work_items.get().pk,
            "instruction": self.visit.instructions.get().pk,
            "what": "rules",
        }
        return reverse(of.name, kwargs={name: values[name] for name in of.arguments})


@pytest.fixture
def room(db: None) -> Room:
    practice = PracticeFactory(name="Lakeside Family Medicine")
    return Room(practice, fill(practice))


@pytest.fixture
def other(db: None) -> Room:
    practice = PracticeFactory(name="Zebra Pediatrics")
    return Room(practice, fill(practice))


def signed_in(visitor: str, *practices: Practice) -> Client:
    client = Client(raise_request_exception=False)
    if visitor == BOSS:
        client.force_login(UserFactory(is_superuser=True, is_staff=True))
    elif visitor != NOBODY:
        role = visitor if visitor in ROLES else None
        client.force_login(UserFactory(role=role, practices=practices))
    return client


def own_pages() -> list[Address]:
    """The pages of campaigns/urls.py: those that are neither open nor the console's."""
    return [
        one
        for one in every_address()
        if not one.route.startswith("admin/") and one.name not in {*OPEN, *POSTED, "home"}
    ]


def console_pages() -> list[Address]:
    """The pages of one model in the console: each has a right of its own."""
    return [one for one in every_address() if _model_of(one) is not None]


def console_rest() -> list[Address]:
    return [
        one for one in every_address() if one.route.startswith("admin/") and _model_of(one) is None
    ]


def _model_of(one: Address) -> tuple[str, str] | None:
    """The model's label and the kind of page: of admin:campaigns_effect_do, effect and do."""
    site, _, rest = one.name.partition(":")
    app, _, rest = rest.partition("_")
    if site != "admin" or one.route.startswith("admin/project/user/<id>"):
        return None
    names = {label.partition(".")[0] for label in CONSOLE[ADMINS]} | {"auth"}
    if one.name.startswith("admin:django_q_"):
        app, rest = "django_q", rest.removeprefix("q_")
    model, _, kind = rest.partition("_")
    return (f"{app}.{model}", kind) if app in names and kind in RIGHTS else None


def test_every_page_says_whom_it_is_for() -> None:
    assert {one.name for one in own_pages()} == PAGES.keys() == ANSWERS.keys()


def test_each_page_of_the_console_is_walked() -> None:
    """What is left are Django's own pages, which tell nothing of a practice."""
    assert {one.name or one.route.split("/")[-2] for one in console_rest()} == {
        *("admin:index", "admin:login", "admin:logout", "admin:app_list", "admin:search"),
        *("admin:password_change", "admin:password_change_done", "admin:jsi18n"),
        *("admin:autocomplete", "admin:view_on_site", "admin:auth_user_password_change"),
        # The short forms that lead to a row's page or to the sign-in page, and the rest.
        *("login", "<path:object_id>", "admin"),
    }


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_each_role_opens_its_pages_and_no_others(room: Room, visitor: str, method: str) -> None:
    client = signed_in(visitor, room.practice)

    def expected(name: str) -> int:
        answer = ANSWERS[name][method == "post"]
        mine = visitor == BOSS or visitor in PAGES[name]
        return answer if mine or answer == 405 else 403

    def asked(one: Address) -> int:
        return getattr(client, method)(room.address(one)).status_code

    assert different(own_pages(), asked, lambda one: expected(one.name)) == {}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_sign_in(room: Room, method: str) -> None:
    client = signed_in(NOBODY)

    def asked(one: Address) -> Any:
        answer = getattr(client, method)(room.address(one))
        return answer.url.partition("?")[0] if answer.status_code == 302 else answer.status_code

    def expected(one: Address) -> Any:
        return 405 if ANSWERS[one.name][method == "post"] == 405 else SIGN_IN

    assert different(own_pages(), asked, expected) == {}
    console = [*console_pages(), *console_rest()]
    sent = {one.route: client.get(console_address(one, room)) for one in console}
    open_to_nobody = {route for route, answer in sent.items() if answer.status_code != 302}
    # Words of the date picker, the same for everybody.
    assert open_to_nobody <= {"admin/jsi18n/"}
    assert not AuditEvent.objects.filter(action__endswith="viewed").exists()


@pytest.mark.parametrize("visitor", ROLES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_practice_does_not_exist(
    room: Room, other: Room, visitor: str, method: str
) -> None:
    client = signed_in(visitor, room.practice)
    before = AuditEvent.objects.count()

    def asked(one: Address) -> int:
        query = "" if one.arguments - {"what"} else f"?practice={other.practice.pk}"
        return getattr(client, method)(other.address(one) + query).status_code

    def expected(one: Address) -> int:
        usual = ANSWERS[one.name][method == "post"]
        # A form that goes elsewhere before it reads anything, and ids that are simply not found.
        harmless = (usual == 302 and method == "get") or one.name == "undo-call"
        return usual if usual == 405 or harmless else 404

    mine = [one for one in own_pages() if visitor in PAGES[one.name]]
    assert mine
    assert different(mine, asked, expected) == {}
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("visitor", [*VISITORS])
def test_each_role_opens_its_console_and_no_more(room: Room, visitor: str) -> None:
    client = signed_in(visitor, room.practice)

    def asked(one: Address) -> Any:
        method = client.post if one.name.endswith("_do") else client.get
        answer = method(console_address(one, room))
        if answer.status_code == 302 and answer.url.startswith(CONSOLE_SIGN_IN):
            return CONSOLE_SIGN_IN
        return answer.status_code

    def expected(one: Address) -> Any:
        label, kind = _model_of(one) or ("", "")
        if visitor not in (BOSS, CLINICAL_OPS, ADMINS):
            return CONSOLE_SIGN_IN
        if visitor != BOSS and RIGHTS[kind] not in CONSOLE[visitor].get(label, ()):
            return 403
        if visitor == BOSS and kind in ("add", "delete") and not _kept(label, kind):
            return 403
        if label in ELSEWHERE and kind in ("add", "change"):
            return 302
        # There is no such verb, and only who may use verbs learns so.
        return 404 if kind == "do" else 200

    assert different(console_pages(), asked, expected) == {}


def _kept(label: str, kind: str) -> bool:
    """Whether anybody may add or delete a row: nobody does what no role may, but for roles."""
    return kind in CONSOLE[ADMINS].get(label, ()) or label == "auth.group"


@pytest.mark.parametrize("visitor", [CLINICAL_OPS, ADMINS])
def test_another_practices_rows_are_not_in_the_console(
    room: Room, other: Room, visitor: str
) -> None:
    client = signed_in(visitor, room.practice)
    shared = {"django_q", "axes", "auth"}
    walked = 0
    for one in console_pages():
        label, kind = _model_of(one) or ("", "")
        if "object_id" not in one.arguments or label.partition(".")[0] in shared:
            continue
        ask = client.post if kind == "do" else client.get
        answer = ask(console_address(one, other), follow=True)
        assert "Zebra" not in answer.content.decode(), one.route
        refused = answer.status_code in (403, 404)
        assert refused or answer.redirect_chain, one.route
        walked += 1
    assert walked > 70


def test_the_rest_of_the_console_tells_the_front_desk_nothing(room: Room) -> None:
    client = signed_in(FRONT_DESK, room.practice)
    for one in console_rest():
        answer = client.get(console_address(one, room))
        # Words of the date picker, and leaving, for which a POST is needed.
        if one.name not in ("admin:jsi18n", "admin:logout"):
            assert answer.status_code == 302, one.route
            assert answer.url.startswith(("/admin/login/", SIGN_IN)), one.route


@pytest.mark.parametrize(("visitor", "status"), [(CLINICAL_OPS, 403), (ADMINS, 200), (BOSS, 200)])
def test_only_admins_give_a_new_password(room: Room, visitor: str, status: int) -> None:
    person = row_of("project.user", room.practice)
    client = signed_in(visitor, room.practice)
    assert client.get(f"/admin/project/user/{person.pk}/password/").status_code == status


def test_an_admin_gives_no_new_password_in_another_practice(room: Room, other: Room) -> None:
    person = row_of("project.user", other.practice)
    client = signed_in(ADMINS, room.practice)
    answer = client.get(f"/admin/project/user/{person.pk}/password/")
    assert answer.status_code in (302, 404)
    assert person.username not in answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("visitor", [*VISITORS, NOBODY])
def test_the_doors_are_open_to_all(room: Room, visitor: str) -> None:
    client = signed_in(visitor, room.practice)
    for name, status in OPEN.items():
        assert client.get(reverse(name)).status_code == status, name
    assert client.get("/").status_code == (200 if visitor == EVERYBODY else 302)


@pytest.mark.parametrize("visitor", [*VISITORS, NOBODY])
def test_vendors_post_without_signing_in_and_nobody_else_does(room: Room, visitor: str) -> None:
    client = signed_in(visitor, room.practice)
    for name in POSTED:
        address = reverse(name, kwargs={"practice": room.practice.external_id})
        assert client.get(address).status_code == 405, name
        unsigned = client.post(address, {"events": []}, content_type="application/json")
        assert unsigned.status_code == 401, name


def console_address(one: Address, room: Room) -> str:
    """The address with a row of this practice in it, where it names one."""
    path = "/" + one.route
    if "^(?P<app_label>" in path:
        return "/admin/campaigns/"
    if path.endswith("(?P<url>.*)$"):
        return "/admin/nothing-here/"
    known = {
        "<slug:verb>": "no-such-verb",
        "<path:content_type_id>": "1",
        "<id>": str(row_of("project.user", room.practice).pk),
    }
    if "<path:object_id>" in path and "/r/" not in path:
        app, model = path.split("/")[2:4]
        known["<path:object_id>"] = str(
            row_of(apps.get_model(app, model)._meta.label_lower, room.practice).pk
        )
    for written, value in {**known, "<path:object_id>": known.get("<path:object_id>", "1")}.items():
        path = path.replace(written, value)
    return path


def different(
    addresses: list[Address],
    asked: Callable[[Address], Any],
    expected: Callable[[Address], Any],
) -> dict[str, tuple[Any, Any]]:
    """Where the answer is not the expected one: answer and expectation by address."""
    pairs = {one.route: (asked(one), expected(one)) for one in addresses}
    return {route: pair for route, pair in pairs.items() if pair[0] != pair[1]}
