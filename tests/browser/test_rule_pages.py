"""A change of the rules, clicked through by two people in a real browser."""

import pytest
from pytest_django.live_server_helper import LiveServer

from audit.context import acting_as
from campaigns.domain.values import RuleChangeStatus
from campaigns.models import ADMINS, CLINICAL_OPS, Practice, RuleChange
from tests.browser.test_pages import DESKTOP, PHONE
from tests.factories import PASSWORD, UserFactory
from tests.integration.rule_room import a_mapped_practice, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES, CHANGES = "/admin/campaigns/campaignrule/", "/admin/campaigns/rulechange/"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def practice() -> Practice:
    """Two visits, one of them confirmed; a quarter may move without a second person."""
    with acting_as(process="test"):
        made = a_mapped_practice()
        visit(made)
        visit(made, confirmation="confirmed")
    Practice.objects.update(hold_share=0.25)
    UserFactory(username="vera", role=CLINICAL_OPS, practices=[made])
    UserFactory(username="omar", role=ADMINS, practices=[made])
    return made


def signed_in(browser, live_server: LiveServer, person: str, address: str, **options: object):
    page = browser.new_context(**options).new_page()
    page.goto(f"{live_server.url}/accounts/login/?next={address}")
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{address}")
    return page


@pytest.mark.parametrize(("scripts", "viewport"), [(True, DESKTOP), (False, PHONE)])
def test_one_changes_a_rule_and_another_approves(
    browser, live_server: LiveServer, practice: Practice, scripts: bool, viewport: dict[str, int]
) -> None:
    options = {"viewport": viewport, "java_script_enabled": scripts}
    page = signed_in(browser, live_server, "vera", RULES, **options)
    page.get_by_role("link", name="Annual physical (82)").click()
    cell = page.get_by_label("Any place, any risk, any language")
    cell.select_option("cmp_es")
    page.get_by_role("button", name="Show the effect").click()
    page.get_by_text("1 visit moves from Preventive visit to Preventive visit, Spanish.").wait_for()
    page.get_by_text("1 stays because it is confirmed or was written to.").wait_for()
    page.get_by_text("held until a second person approves").wait_for()
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_label("Also move those").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("waits for approval").first.wait_for()

    change = RuleChange.objects.get()
    address = f"{CHANGES}{change.pk}/change/"
    page = signed_in(browser, live_server, "omar", address, **options)
    page.get_by_text("2 visits would move").wait_for()
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved. Kept moves the visits now").wait_for()
    change.refresh_from_db()
    assert (change.status, change.include_messaged) == (RuleChangeStatus.APPROVED, True)
