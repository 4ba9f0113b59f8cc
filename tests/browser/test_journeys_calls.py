"""The desk's calls from the list to the chart, in a real browser, with both vendors over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.models import FRONT_DESK
from tests.browser.journeys import (
    CLOCK,
    booked_tomorrow,
    hired,
    named,
    row_of,
    sits_down,
    ten_seconds_pass,
)
from tests.browser.test_pages import DESKTOP, PHONE
from tests.scenarios.clinic import Clinic
from tests.scenarios.conftest import clinic, simulator

__all__ = ["clinic", "simulator"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BY_OPERATOR = "Confirmed by Operator"


@pytest.fixture(autouse=True)
def dana(clinic: Clinic, settings: Any) -> str:
    settings.KEPT_CLOCK = CLOCK
    return hired(clinic, "Dana", FRONT_DESK)


@pytest.mark.parametrize(("scripts", "viewport"), [(True, DESKTOP), (False, DESKTOP)])
def test_a_call_goes_from_the_list_to_the_chart(
    browser: Any,
    live_server: LiveServer,
    clinic: Clinic,
    dana: str,
    scripts: bool,
    viewport: dict[str, int],
) -> None:
    (visit,) = booked_tomorrow(clinic, named(clinic, "Nova Exemplar"))
    page = sits_down(browser, live_server, dana, viewport=viewport, java_script_enabled=scripts)
    page.get_by_role("button", name="Confirmed by Nova Exemplar").click()
    page.get_by_text("until then it can be taken back").wait_for()
    clinic.work()
    assert clinic.chart_writes(visit) == []
    ten_seconds_pass(clinic)
    assert clinic.chart(visit)["appointmentconfirmationname"] == BY_OPERATOR
    page.goto(f"{live_server.url}/worklist/")
    page.get_by_role("heading", name="Everybody is confirmed").wait_for()
    # The confirmed visit keeps its reminders.
    assert len(clinic.active(visit)) == 1


def test_what_is_taken_back_never_reaches_the_chart(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    (visit,) = booked_tomorrow(clinic, named(clinic, "Nova Exemplar"))
    page = sits_down(browser, live_server, dana, viewport=DESKTOP)
    page.get_by_role("button", name="Confirmed by Nova Exemplar").click()
    page.get_by_role("button", name="Undo Confirmed for Nova Exemplar").click()
    page.get_by_text("Taken back. Nothing was sent to the chart.").wait_for()
    ten_seconds_pass(clinic)
    assert clinic.chart_writes(visit) == []
    # The row can be answered again, and this time it stands.
    page.get_by_role("button", name="Left voicemail for Nova Exemplar").click()
    page.get_by_text("until then it can be taken back").wait_for()
    ten_seconds_pass(clinic)
    (note,) = clinic.chart(visit)["notes"]
    assert "voicemail" in note["notetext"]


def test_one_call_to_a_family_and_an_outcome_for_each(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    home = {"mobilephone": "6172275678"}
    nova, alma = named(clinic, "Nova Exemplar", **home), named(clinic, "Alma Exemplar", **home)
    hers, alone, theirs = booked_tomorrow(clinic, nova, named(clinic, "Otto Single"), alma)
    page = sits_down(browser, live_server, dana, viewport=DESKTOP)
    family = page.locator("tbody.family")
    family.get_by_text("Family: call once").wait_for()
    assert family.locator("[data-row]").count() == 2
    assert row_of(page, alone).locator("xpath=ancestor::tbody[@class='family']").count() == 0
    page.get_by_role("button", name="Confirmed by Nova Exemplar").click()
    page.get_by_role("button", name="Undo Confirmed for Nova Exemplar").wait_for()
    page.get_by_role("button", name="Wrong number for Alma Exemplar").click()
    page.get_by_role("button", name="Undo Wrong number for Alma Exemplar").wait_for()
    ten_seconds_pass(clinic)
    assert clinic.chart(hers)["appointmentconfirmationname"] == BY_OPERATOR
    (note,) = clinic.chart(theirs)["notes"]
    assert "wrong" in note["notetext"]
    assert "appointmentconfirmationname" not in clinic.chart(theirs)
    assert clinic.chart_writes(alone) == []


def test_two_people_do_not_call_one_patient(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    (visit,) = booked_tomorrow(clinic, named(clinic, "Nova Exemplar"))
    ravi = hired(clinic, "Ravi", FRONT_DESK)
    hers = sits_down(browser, live_server, dana, viewport=DESKTOP)
    his = sits_down(browser, live_server, ravi, viewport=DESKTOP)
    hers.get_by_role("button", name="I am calling Nova Exemplar").click()
    hers.get_by_text("You are calling").wait_for()
    # His page is older than her claim.
    his.get_by_role("button", name="Confirmed by Nova Exemplar").click()
    his.get_by_role("heading", name="Dana is calling this patient").wait_for()
    his.get_by_role("link", name="Back to the list").click()
    row_of(his, visit).get_by_text("Dana is calling").wait_for()
    hers.get_by_role("button", name="Confirmed by Nova Exemplar").click()
    hers.get_by_text("until then it can be taken back").wait_for()
    ten_seconds_pass(clinic)
    assert clinic.chart(visit)["appointmentconfirmationname"] == BY_OPERATOR
    his.get_by_role("link", name="Refresh").click()
    his.get_by_role("heading", name="Everybody is confirmed").wait_for()
    # One write, although two people had the row before them.
    assert len(clinic.chart_writes(visit)) == 1


def test_a_visit_is_cancelled_on_a_phone(
    browser: Any, live_server: LiveServer, clinic: Clinic, dana: str
) -> None:
    (visit,) = booked_tomorrow(clinic, named(clinic, "Nova Exemplar"))
    page = sits_down(browser, live_server, dana, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.get_by_role("link", name="(617)").first.get_attribute("href").startswith("tel:")
    row_of(page, visit).locator("summary", has_text="Cancelled").tap()
    page.get_by_role("button", name="Yes, cancel the visit").tap()
    page.get_by_role("button", name="Undo Cancelled for Nova Exemplar").wait_for()
    ten_seconds_pass(clinic)
    assert clinic.chart(visit)["appointmentstatus"] == "x"
    clinic.work()
    assert clinic.active(visit) == []
