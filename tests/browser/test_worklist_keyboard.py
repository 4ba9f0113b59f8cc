"""The work list without a mouse, and what moves on it while somebody reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.models import FRONT_DESK, Appointment, Practice
from tests.browser.test_pages import DESKTOP, PHONE, signed_in
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    PatientFactory,
    PracticeFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ("Ada", "Bo", "Cy")


@pytest.fixture
def practice() -> Practice:
    made = PracticeFactory()
    UserFactory(username="dana", role=FRONT_DESK, practices=[made])
    return made


@pytest.fixture
def visits(practice: Practice) -> dict[str, Appointment]:
    return {name: visit(practice, name, 3 + n) for n, name in enumerate(NAMES)}


def visit(practice: Practice, name: str, hours: float) -> Appointment:
    phone = f"617253{sum(map(ord, name)):04}"
    patient = PatientFactory(
        practice=practice, describe={"first_name": name, "last_name": "Test", "mobile_phone": phone}
    )
    start = timezone.now() + timedelta(hours=hours)
    return AppointmentFactory(practice=practice, patient=patient, starts_at=start)


def into_the_list(page) -> None:
    """With the Tab key alone."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-list]')"):
            return
    raise AssertionError("the Tab key never reached the list")


def focused_row(page) -> str:
    return page.evaluate("document.activeElement.closest('[data-row]')?.id ?? ''")


def test_a_morning_by_keyboard(
    browser, live_server: LiveServer, visits: dict[str, Appointment]
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    into_the_list(page)
    page.keyboard.press("j")
    assert focused_row(page) == f"visit-{visits['Ada'].pk}"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused_row(page) == f"visit-{visits['Cy'].pk}"
    page.keyboard.press("k")
    assert focused_row(page) == f"visit-{visits['Bo'].pk}"
    # The second button is "no answer": the row leaves, and the next one has the focus.
    page.keyboard.press("2")
    page.locator(f"#visit-{visits['Bo'].pk}").wait_for(state="detached")
    assert visits["Bo"].responses.get().kind == "no_answer"
    page.wait_for_function("document.activeElement.matches('[data-row]')")
    assert focused_row(page) == f"visit-{visits['Cy'].pk}"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/appointments/{visits['Cy'].pk}/")


def test_an_outcome_that_needs_more_is_opened_not_sent(
    browser, live_server: LiveServer, visits: dict[str, Appointment]
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    into_the_list(page)
    page.keyboard.press("j")
    page.keyboard.press("7")
    page.get_by_role("button", name="Yes, cancel the visit").first.wait_for()
    assert not visits["Ada"].responses.exists()
    assert focused_row(page) == f"visit-{visits['Ada'].pk}"


def test_keys_do_nothing_in_a_field_outside_the_list_or_switched_off(
    browser, live_server: LiveServer, visits: dict[str, Appointment]
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    page.keyboard.press("j")
    page.keyboard.press("1")
    assert focused_row(page) == ""
    into_the_list(page)
    page.keyboard.press("/")
    page.keyboard.type("j1?")
    assert page.get_by_label("Name or phone").input_value() == "j1?"
    into_the_list(page)
    page.keyboard.press("?")
    switch = page.get_by_label("Use these keys on this computer")
    switch.wait_for()
    switch.press("Space")
    page.keyboard.press("Escape")
    page.reload()
    into_the_list(page)
    page.keyboard.press("j")
    page.keyboard.press("1")
    assert focused_row(page) == ""
    assert not [v for v in visits.values() if v.responses.exists()]
    page.get_by_role("button", name="Keyboard").click()
    assert not page.get_by_label("Use these keys on this computer").is_checked()


def test_several_rows_by_keyboard(
    browser, live_server: LiveServer, visits: dict[str, Appointment]
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    into_the_list(page)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Look over (2)").wait_for()
    page.get_by_label("Ticked visits:").select_option("left_voicemail")
    page.get_by_role("button", name="Look over (2)").press("Enter")
    page.get_by_role("heading", name="Left voicemail: 2 visits").wait_for()
    page.get_by_role("button", name="Record “Left voicemail” for these").press("Enter")
    page.get_by_text("Left voicemail: recorded for 2.").wait_for()
    assert not visits["Cy"].responses.exists()


@pytest.mark.parametrize("scripts", [True, False])
def test_searching_and_bulk_work_on_a_phone_with_or_without_scripts(
    browser, live_server: LiveServer, visits: dict[str, Appointment], scripts: bool
) -> None:
    page = signed_in(browser, live_server, viewport=PHONE, java_script_enabled=scripts)
    page.get_by_label("Name or phone").fill("ada")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("1 found").wait_for()
    assert "ada" not in page.url
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_label("Tick Ada Test").check()
    page.get_by_label("Ticked visits:").select_option("confirmed")
    page.get_by_role("button", name="Look over").click()
    page.get_by_role("button", name="Record “Confirmed” for these").click()
    page.get_by_text("Confirmed: recorded for 1.").wait_for()


def test_news_is_said_and_nothing_moves(
    browser, live_server: LiveServer, practice: Practice, visits: dict[str, Appointment]
) -> None:
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.clock.install()
    page = signed_in_on(page, live_server)
    visit(practice, "Dee", 1)
    Appointment.objects.filter(pk=visits["Ada"].pk).update(confirmation="confirmed")
    place = page.locator(f"#visit-{visits['Cy'].pk}")
    before = place.bounding_box()
    page.clock.run_for(31_000)
    page.get_by_text("1 new, 1 gone").wait_for()
    assert place.bounding_box() == before
    assert page.get_by_role("link", name="Dee Test").count() == 0
    page.get_by_role("link", name="Show", exact=True).click()
    page.get_by_role("link", name="Dee Test").wait_for()
    assert page.get_by_role("link", name="Ada Test").count() == 0


def test_patients_leave_the_screen_when_the_session_has_ended(
    browser, live_server: LiveServer, visits: dict[str, Appointment]
) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.clock.install()
    signed_in_on(page, live_server)
    context.clear_cookies(name="sessionid")
    page.clock.run_for(31_000)
    page.get_by_label("Password").wait_for()
    assert page.get_by_role("link", name="Ada Test").count() == 0


def signed_in_on(page, live_server: LiveServer):
    page.goto(live_server.url)
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Work list").wait_for()
    return page
