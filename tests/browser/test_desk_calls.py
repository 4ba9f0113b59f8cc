"""A call in a real browser: it is claimed by dialling, told, taken back, and two people meet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.domain.values import ReplyKind
from campaigns.models import FRONT_DESK, Appointment, CallClaim
from campaigns.phone_calls.record import record_call
from project.models import User
from tests.browser.test_pages import DESKTOP, PHONE, signed_in, visit
from tests.factories import PASSWORD, AppointmentFactory, UserFactory

__all__ = ["visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_outcome_is_taken_back(
    browser, live_server: LiveServer, visit: Appointment, scripts: bool
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP, java_script_enabled=scripts)
    page.locator("summary", has_text="Add a note").click()
    page.get_by_label("Note for colleagues").fill("A florist.")
    page.keyboard.press("Enter")
    assert not visit.responses.exists()
    page.get_by_role("button", name="Wrong number for Rosa Delgado").click()
    page.get_by_role("button", name="Undo Wrong number for Rosa Delgado").click()
    page.get_by_text("Taken back. Nothing was sent to the chart.").wait_for()
    said = visit.responses.get()
    assert (said.outcome, said.note) == ("withdrawn", "A florist.")


def test_the_seconds_run_out_and_the_button_goes(
    browser, live_server: LiveServer, visit: Appointment
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    page.clock.install()
    page.get_by_role("button", name="Left voicemail for Rosa Delgado").click()
    undo = page.get_by_role("button", name="Undo Left voicemail for Rosa Delgado")
    undo.wait_for()
    page.clock.run_for(11_000)
    page.get_by_text("On its way to the chart.").wait_for()
    assert not undo.is_visible()


def test_each_outcome_can_be_taken_back_for_seconds_of_its_own(
    browser, live_server: LiveServer, visit: Appointment
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP)
    page.clock.install()
    earlier = AppointmentFactory(practice=visit.practice, starts_at=visit.starts_at)
    dana = User.objects.get(username="dana")
    record_call(earlier, ReplyKind.NO_ANSWER, dana, hold=timedelta(seconds=6))
    page.get_by_role("button", name="Left voicemail for Rosa Delgado").first.click()
    undo = page.get_by_role("button", name="Undo Left voicemail for Rosa Delgado")
    first = page.get_by_role("button", name="Undo No answer for Rosa Delgado")
    together = page.get_by_role("button", name="Undo all 2")
    first.wait_for()
    page.clock.run_for(7_000)
    undo.wait_for()
    assert (first.count(), together.count()) == (0, 0)
    page.clock.run_for(4_000)
    page.get_by_text("On its way to the chart.").wait_for()
    assert undo.count() == 0


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_dialling_claims_the_visit_and_the_colleague_is_asked(
    browser, live_server: LiveServer, visit: Appointment, viewport: dict[str, int]
) -> None:
    UserFactory(username="ravi", first_name="Ravi", role=FRONT_DESK, practices=[visit.practice])
    dana = signed_in(browser, live_server, viewport=viewport)
    ravi = browser.new_context(viewport=viewport).new_page()
    ravi.goto(live_server.url)
    ravi.get_by_label("User name").fill("ravi")
    ravi.get_by_label("Password").fill(PASSWORD)
    ravi.get_by_role("button", name="Sign in").click()
    dana.locator("a[href^='tel:']").first.click()
    dana.get_by_text("You are calling").wait_for()
    # Ravi's page is older than the claim: he learns of it when he begins to write.
    ravi.locator("summary", has_text="Call back").click()
    ravi.get_by_text("dana is calling").wait_for()
    ravi.get_by_role("button", name="Confirmed by Rosa Delgado").click()
    ravi.get_by_role("heading", name="dana is calling this patient").wait_for()
    assert not visit.responses.exists()
    ravi.get_by_role("link", name="Back to the list").click()
    ravi.get_by_role("button", name="Take over the call to Rosa Delgado").click()
    ravi.get_by_text("You are calling").wait_for()
    assert CallClaim.objects.get().user.username == "ravi"
