"""Beyond the call: a cancellation that frees a slot, paper, trying, and doors that stay closed."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from audit.models import AuditEvent
from campaigns.models import CLINICAL_OPS, FRONT_DESK
from tests.browser.journeys import booked_tomorrow, hired, named, sits_down
from tests.browser.test_pages import DESKTOP, PHONE
from tests.scenarios.clinic import Clinic
from tests.scenarios.conftest import clinic, simulator

__all__ = ["clinic", "simulator"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dana(clinic: Clinic) -> str:
    return hired(clinic, "Dana", FRONT_DESK)


@pytest.fixture
def vera(clinic: Clinic) -> str:
    return hired(clinic, "Vera", CLINICAL_OPS)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_a_patient_cancels_and_somebody_else_can_have_the_slot(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str, viewport: dict[str, int]
) -> None:
    waiting = named(clinic, "Willa Waiting", mobilephone="6172275555")
    clinic.control("athena/waitlist", {"patientid": waiting, "priority": "HIGH"})
    (visit,) = booked_tomorrow(clinic, named(clinic, "Nova Exemplar"))
    page = sits_down(browser, live_server, dana, viewport=viewport)
    page.get_by_role("link", name="Nova Exemplar", exact=True).wait_for()
    clinic.answer(visit, "cancelled")
    clinic.sync()
    clinic.sync()
    assert clinic.chart(visit)["appointmentstatus"] == "x"
    assert len(clinic.waitlist_messages()) == 1
    page.get_by_role("link", name="Refresh").click()
    slot = page.get_by_role("row", name="Open slot")
    slot.get_by_text("Willa Waiting").wait_for()
    phone = slot.locator(".waiting a[href^='tel:']")
    assert phone.get_attribute("href") == "tel:+16172275555"
    slot.get_by_role("button", name="Done").click()
    page.get_by_text("Done. It has left the list.").wait_for()
    assert page.get_by_role("row", name="Open slot").count() == 0


def test_the_sheet_for_the_phone_is_printed_and_written_down(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    booked_tomorrow(clinic, named(clinic, "Nova Exemplar"), named(clinic, "Otto Single"))
    page = sits_down(browser, live_server, dana, viewport=DESKTOP)
    page.get_by_role("link", name="Print").click()
    page.get_by_role("button", name="Print").wait_for()
    (event,) = AuditEvent.objects.filter(action="worklist.printed")
    assert (event.actor, event.detail) == (dana, {"rows": 2})
    page.emulate_media(media="print")
    sheet = page.locator(".sheet").first
    assert sheet.get_by_text("Nova Exemplar").is_visible()
    # What is of no use on paper stays on the screen.
    assert not page.get_by_role("button", name="Print").is_visible()
    assert not page.get_by_role("button", name="Sign out").is_visible()


def test_trying_foretells_and_changes_nothing(
    browser: Any, live_server: LiveServer, clinic: Clinic, vera: str
) -> None:
    visit = clinic.book(named(clinic, "Nova Exemplar"), days=3, appointmenttypeid="84")
    clinic.sync()
    before = clinic.writes()
    page = sits_down(browser, live_server, vera, viewport=DESKTOP)
    page.get_by_role("link", name="Try a decision").click()
    page.get_by_label("Its number in athenahealth").fill(visit)
    page.get_by_role("button", name="Try this visit").click()
    page.get_by_role("heading", name="The answer for").wait_for()
    page.get_by_text("Nothing would be sent.").wait_for()
    page.get_by_text("No campaign rule covers this kind of visit").first.wait_for()
    clinic.work()
    assert clinic.writes() == before
    assert clinic.enrollments(visit) == []


def test_a_closed_door_says_so_and_shows_the_way_home(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    page = sits_down(browser, live_server, dana, viewport=PHONE)
    for address in ("/coverage/", "/coverage/mapping/", "/try/", "/reports/"):
        assert page.goto(live_server.url + address).status == 403
        page.get_by_role("heading", name="This page is not open to you").wait_for()
        page.get_by_role("link", name="Go to your start page").click()
        page.get_by_role("heading", name="Work list").wait_for()


def test_clinical_ops_have_no_door_to_the_desk(
    browser: Any, live_server: LiveServer, clinic: Clinic, vera: str
) -> None:
    page = sits_down(browser, live_server, vera, viewport=DESKTOP)
    assert page.get_by_role("link", name="Work list").count() == 0
    assert page.goto(f"{live_server.url}/worklist/").status == 403
    page.get_by_role("link", name="Go to your start page").click()
    page.get_by_role("heading", name="Coverage", exact=True).wait_for()
