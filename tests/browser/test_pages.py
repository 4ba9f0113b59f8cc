"""The front desk's morning, clicked through in a real browser."""

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.models import FRONT_DESK, Appointment
from tests.factories import PASSWORD, AppointmentFactory, PracticeFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture
def visit() -> Appointment:
    practice = PracticeFactory()
    UserFactory(username="dana", role=FRONT_DESK, practices=[practice])
    return AppointmentFactory(practice=practice)


def signed_in(browser, live_server: LiveServer, **options: object):
    page = browser.new_context(**options).new_page()
    page.goto(live_server.url)
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.mark.parametrize("scripts", [True, False])
def test_the_desk_signs_in_sees_its_list_and_confirms(
    browser, live_server: LiveServer, visit: Appointment, scripts: bool
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP, java_script_enabled=scripts)
    assert page.url.endswith("/worklist/")
    page.get_by_role("link", name="Rosa Delgado").wait_for()
    page.get_by_role("button", name="Confirmed by Rosa Delgado").click()
    page.get_by_text("until then it can be taken back").wait_for()
    page.get_by_text("Confirmed: on its way to the chart.").wait_for()
    assert visit.responses.get().kind == "confirmed"
    Appointment.objects.update(confirmation="confirmed_by_operator", read_ended=timezone.now())
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("heading", name="Everybody is confirmed").wait_for()


def test_cancelling_asks_once_more(browser, live_server: LiveServer, visit: Appointment) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    sure = page.get_by_role("button", name="Yes, cancel the visit")
    assert not sure.is_visible()
    page.locator("summary", has_text="Cancelled").click()
    sure.click()
    page.get_by_text("until then it can be taken back").wait_for()
    assert visit.responses.get().kind == "cancelled"


def test_the_keyboard_alone_is_enough(browser, live_server: LiveServer, visit: Appointment) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    button = page.get_by_role("button", name="Left voicemail for Rosa Delgado")
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    outline = button.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.get_by_text("until then it can be taken back").wait_for()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_pages_fit_the_screen_and_every_target_can_be_hit(
    browser, live_server: LiveServer, visit: Appointment, viewport: dict[str, int]
) -> None:
    page = signed_in(browser, live_server, viewport=viewport)
    for address in ("/worklist/", f"/appointments/{visit.pk}/"):
        page.goto(live_server.url + address)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0
        small = page.evaluate(
            """() => [...document.querySelectorAll('main :is(a, button, summary, select)')]
                .filter(e => e.offsetParent && !e.closest('.hint, p'))
                .filter(e => e.getBoundingClientRect().height < 24)
                .map(e => e.textContent)"""
        )
        assert small == []
