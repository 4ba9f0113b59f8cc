"""Clinical ops map a type that nobody has mapped, and its visits get their reminders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.models import CLINICAL_OPS, CampaignRule, RuleChange
from tests.browser.test_pages import DESKTOP, PHONE
from tests.browser.test_rule_pages import TOO_WIDE, signed_in
from tests.factories import UserFactory
from tests.scenarios.clinic import Clinic
from tests.scenarios.conftest import clinic, simulator

__all__ = ["clinic", "simulator"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/coverage/mapping/"
SMALL = """() => [...document.querySelectorAll('main :is(a, button, summary, select, input)')]
    .filter(e => e.offsetParent && e.type !== 'hidden' && !e.closest('.hint, p, .lead'))
    .filter(e => e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""


@pytest.fixture
def unmapped(clinic: Clinic) -> str:
    """Two visits of a type without a rule, both vendors asked and idle."""
    CampaignRule.objects.filter(appointment_type_id="83").delete()
    UserFactory(username="vera", role=CLINICAL_OPS, practices=[clinic.practice])
    visits = [clinic.book(clinic.patient(), days=days, appointmenttypeid="83") for days in (3, 5)]
    clinic.sync()
    assert [clinic.enrollments(visit) for visit in visits] == [[], []]
    return visits[0]


@pytest.mark.parametrize(("scripts", "viewport"), [(True, DESKTOP), (False, PHONE)])
def test_an_unmapped_type_is_mapped_and_its_visits_become_enrolled(
    browser: Any,
    live_server: LiveServer,
    clinic: Clinic,
    unmapped: str,
    scripts: bool,
    viewport: dict[str, int],
) -> None:
    page = signed_in(
        browser, live_server, "vera", PAGE, viewport=viewport, java_script_enabled=scripts
    )
    first = page.get_by_role("navigation", name="Kinds of visits").get_by_role("listitem").nth(1)
    first.get_by_text("2 visits ahead, 2 without a rule").wait_for()
    fits(page)
    if scripts:
        page.get_by_label("Find a kind of visit").type("zzz")
        page.get_by_text("No kind of visit has these words").wait_for()
        page.get_by_label("Find a kind of visit").press("Control+a")
        page.get_by_label("Find a kind of visit").press("Delete")
    first.get_by_role("link").click()
    page.get_by_role("group", name="Suggested").get_by_label("Follow-Up Visit").first.wait_for()
    page.get_by_role("button", name="Fill in below").click()
    everything = page.get_by_label("Any place, any risk, any language")
    assert everything.input_value() == "cmp_followup_en"
    page.get_by_text("not saved yet").first.wait_for()
    fits(page)
    page.get_by_role("button", name="Show the effect").click()
    page.get_by_text("2 visits get their first reminders, from Follow-Up Visit.").wait_for()
    fits(page)
    assert not RuleChange.objects.exists()
    page.get_by_role("button", name="Back to the grid").click()
    assert everything.input_value() == "cmp_followup_en"
    page.get_by_role("button", name="Show the effect").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. Kept moves the visits now").wait_for()
    page.get_by_text("any language: Follow-Up Visit (new)").wait_for()
    clinic.work()
    (enrollment,) = clinic.active(unmapped)
    assert enrollment["campaign_id"] == "cmp_followup_en"
    page.reload()
    page.locator(".types [aria-current]").get_by_text("mapped").wait_for()
    assert RuleChange.objects.get().made_by_name == "vera"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_a_file_is_checked_mended_and_applied(
    browser: Any,
    live_server: LiveServer,
    clinic: Clinic,
    unmapped: str,
    viewport: dict[str, int],
) -> None:
    page = signed_in(browser, live_server, "vera", f"{PAGE}import/", viewport=viewport)
    fits(page)
    upload = uploader(page)
    upload("83,any,any,any,cmp_followup_en\n83,any,enhanced,any,cmp_nothing\n")
    page.get_by_text("line 3: there is no campaign 'cmp_nothing' in the library").wait_for()
    fits(page)
    upload("83,any,any,any,cmp_followup_en\n")
    page.get_by_text("1 rule created, 0 updated, 0 unchanged.").wait_for()
    page.get_by_text("2 visits get their first reminders").wait_for()
    fits(page)
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Saved. Kept moves the visits now").wait_for()
    clinic.work()
    assert len(clinic.active(unmapped)) == 1


def uploader(page: Any) -> Callable[[str], None]:
    heading = "appointment_type_id,modality,risk,language,campaign_id\n"

    def upload(lines: str) -> None:
        file = {"name": "rules.csv", "mimeType": "text/csv", "buffer": (heading + lines).encode()}
        page.get_by_label("CSV file of rules").set_input_files(file)
        page.get_by_role("button", name="Check the rules").click()

    return upload


def fits(page: Any) -> None:
    """Nothing is wider than the screen, and nothing too small to hit."""
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(SMALL) == []
