"""What every page has in common: doors, headers, health, traces."""

import re

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from audit.models import AuditEvent
from project.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def dana(db: None) -> User:
    return User.objects.create_user("dana", password=PASSWORD)


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD) -> int:
    answer = client.post("/accounts/login/", {"username": "dana", "password": password})
    return answer.status_code


def directive(response, name: str) -> str:
    return re.search(rf"{name} ([^;]*)", response["Content-Security-Policy"]).group(1)


def test_the_process_is_alive_even_without_a_database(client: Client) -> None:
    # No database is requested by this test: a query would fail it.
    assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_says_what_stands_behind(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert body["database"] == "ok"
    assert body["audit_trail"] == {"protected": True}
    assert body["queue"] == {"waiting": 0}


def test_not_ready_only_without_a_database(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise OperationalError("no route to host")

    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", unreachable)
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "out of reach"}


def test_a_report_that_fails_does_not_take_the_receiver_out_of_rotation(
    client: Client, db: None, settings: Settings
) -> None:
    settings.READINESS_REPORTS = {"workers": "tests.integration.web.test_every_page.failing_report"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["workers"] == {"status": "unknown"}


def failing_report() -> dict:
    raise RuntimeError


def test_staff_sign_in_and_out_and_both_leave_a_trace(client: Client, dana: User) -> None:
    assert sign_in(client) == 302
    assert client.post("/accounts/logout/").status_code == 302
    assert list(AuditEvent.objects.order_by("id").values_list("actor", "action")) == [
        ("dana", "session.sign_in"),
        ("dana", "session.sign_out"),
    ]


def test_a_link_cannot_sign_anybody_out(client: Client, dana: User) -> None:
    client.force_login(dana)
    assert client.get("/accounts/logout/").status_code == 405


def test_five_wrong_passwords_lock_the_door_for_that_person(client: Client, dana: User) -> None:
    for _ in range(5):
        sign_in(client, "wrong")
    answer = client.post("/accounts/login/", {"username": "dana", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Please wait" in answer.content.decode()


def test_the_colleague_at_the_same_address_is_not_locked_out(client: Client, dana: User) -> None:
    User.objects.create_user("ravi", password=PASSWORD)
    for _ in range(6):
        sign_in(client, "wrong")
    answer = client.post("/accounts/login/", {"username": "ravi", "password": PASSWORD})
    assert answer.status_code == 302


def test_a_session_ends_after_a_quarter_of_an_hour(client: Client, dana: User) -> None:
    client.force_login(dana)
    assert client.session.get_expiry_age() == 900


def test_the_policy_is_strict_outside_the_console(client: Client, db: None) -> None:
    answer = client.get("/accounts/login/")
    assert directive(answer, "script-src") == "'self'"
    assert directive(answer, "style-src") == "'self'"
    assert directive(answer, "frame-ancestors") == "'none'"


def test_only_the_console_gets_what_its_scripts_need(client: Client, boss: User) -> None:
    client.force_login(boss)
    answer = client.get("/admin/")
    assert answer.status_code == 200
    assert directive(answer, "script-src") == "'self' 'unsafe-eval'"
    assert directive(answer, "style-src") == "'self' 'unsafe-inline'"


def test_our_pages_hold_no_script_or_style_that_the_policy_forbids(
    client: Client, db: None
) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "<script>" not in page
    assert "style=" not in page
    assert "http://" not in page.replace("http://testserver", "")


def test_the_console_has_one_door(client: Client, db: None) -> None:
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=/admin/"


def test_a_signed_in_person_without_access_is_told_so(client: Client, dana: User) -> None:
    client.force_login(dana)
    page = client.get("/admin/", follow=True).content.decode()
    assert "not open to you" in page


def test_an_unknown_address_is_answered_in_plain_words(client: Client, db: None) -> None:
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()


def test_every_answer_names_its_request(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-Id"]) == 36
    given = client.get("/healthz", headers={"X-Request-Id": "trace-12345678"})
    assert given["X-Request-Id"] == "trace-12345678"


def test_a_request_id_that_could_forge_a_log_line_is_not_taken(client: Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "a b=c level=critical"})
    assert " " not in answer["X-Request-Id"]


def test_links_are_those_of_the_role_and_of_pages_that_exist(client: Client, dana: User) -> None:
    dana.groups.add(Group.objects.get_or_create(name="Admins")[0])
    client.force_login(dana)
    page = client.get("/accounts/login/").content.decode()
    assert 'href="/admin/"' in page
    assert 'href="/worklist/"' not in page


@pytest.mark.parametrize(
    "page",
    ["auth/group", "project/user", "django_q/schedule", "django_q/success", "django_q/failure"]
    + ["django_q/ormq", "axes/accessattempt", "audit/auditevent"],
)
def test_every_list_of_the_console_opens(client: Client, boss: User, page: str) -> None:
    client.force_login(boss)
    assert client.get(f"/admin/{page}/").status_code == 200


@pytest.mark.parametrize("page", ["schedule", "success", "failure", "ormq"])
def test_background_work_cannot_be_changed_in_the_console(
    client: Client, boss: User, page: str
) -> None:
    client.force_login(boss)
    assert client.get(f"/admin/django_q/{page}/add/").status_code == 403


def test_a_proxy_is_believed_only_when_told_to(client: Client, dana: User) -> None:
    client.post(
        "/accounts/login/",
        {"username": "dana", "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    assert AuditEvent.objects.get().source_ip == "127.0.0.1"


def test_of_what_a_proxy_says_only_its_own_word_counts(dana: User, settings: Settings) -> None:
    settings.TRUST_PROXY_HEADERS = True
    Client().post(
        "/accounts/login/",
        {"username": "dana", "password": PASSWORD},
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"},
    )
    assert AuditEvent.objects.get().source_ip == "203.0.113.9"


def test_a_form_that_was_open_for_too_long_is_explained(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"username": "dana"})
    assert answer.status_code == 403
    assert "Please try again" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_no_keyboard_types_is_refused_in_words(
    client: Client, dana: User, method: str
) -> None:
    client.force_login(dana)
    answer = getattr(client, method)("/accounts/login/", {"username": "da\0na"})
    assert answer.status_code == 400
    assert "cannot be stored" in answer.content.decode()
