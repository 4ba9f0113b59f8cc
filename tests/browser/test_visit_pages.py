"""The page of one visit and the page for trying, in a real browser."""

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.domain.coverage import Code
from campaigns.models import CLINICAL_OPS, Appointment, StaffInstruction
from tests.browser.test_pages import DESKTOP, PHONE, signed_in
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    DecisionFactory,
    DepartmentFactory,
    EffectFactory,
    PatientFactory,
    PracticeFactory,
    ProviderFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LAPTOP = {"width": 1024, "height": 768}
LONG = "Maximiliana-Theodora Wolfeschlegelsteinhausenbergerdorff"


@pytest.fixture
def visit() -> Appointment:
    practice = PracticeFactory()
    UserFactory(username="dana", role=CLINICAL_OPS, practices=[practice])
    DepartmentFactory(practice=practice)
    ProviderFactory(practice=practice)
    AppointmentTypeFactory(practice=practice)
    CampaignRuleFactory(practice=practice)
    CampaignFactory(practice=practice, external_id="cmp_b", name="Gentle reminder")
    patient = PatientFactory(
        practice=practice, describe={"first_name": LONG, "consent_to_text": True}
    )
    patient.history_began = patient.history_ended = timezone.now()
    patient.save()
    made = AppointmentFactory(practice=practice, patient=patient, code=Code.ENDED_ELSEWHERE)
    found = [
        ["status", "scheduled", "scheduled"],
        ["staff", "ended at Relatient, not by Kept", "stop"],
        ["rule", "Annual physical (82), in_person, standard, en", "rule 1: Preventive visit"],
    ]
    DecisionFactory(appointment=made, code=Code.ENDED_ELSEWHERE, findings=found)
    EffectFactory(appointment=made)
    ResponseFactory(appointment=made, raw_text="si, gracias " * 12)
    WorkItemFactory(appointment=made)
    return made


@pytest.mark.parametrize("scripts", [True, False])
def test_reminders_are_paused_and_the_pause_is_withdrawn(
    browser, live_server: LiveServer, visit: Appointment, scripts: bool
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP, java_script_enabled=scripts)
    page.goto(f"{live_server.url}/appointments/{visit.pk}/")
    page.locator("summary", has_text="Pause the reminders").click()
    page.locator("#reason-paused").fill("The family is away until Friday.")
    page.get_by_role("button", name="Pause the reminders").click()
    page.get_by_text("Paused. Relatient is being told").wait_for()
    page.get_by_text("“The family is away until Friday.”").first.wait_for()
    assert visit.instructions.get().kind == "paused"
    page.get_by_role("button", name="Withdraw “Reminders paused”").click()
    page.get_by_text("Withdrawn. Kept is looking at this visit again.").wait_for()
    assert visit.instructions.get().withdrawn_at is not None


@pytest.mark.parametrize("scripts", [True, False])
def test_a_case_is_described_and_answered(
    browser, live_server: LiveServer, visit: Appointment, scripts: bool
) -> None:
    page = signed_in(browser, live_server, viewport=DESKTOP, java_script_enabled=scripts)
    page.get_by_role("link", name="Try a decision").click()
    page.get_by_label("Patient", exact=True).select_option("child_alone")
    page.get_by_role("button", name="Try this case").click()
    page.get_by_text("no parent or guardian contact is on file").first.wait_for()
    page.get_by_label("Patient", exact=True).select_option("adult")
    page.get_by_label("texts", exact=True).check()
    page.get_by_role("button", name="Try this case").click()
    page.get_by_text("The patient is getting reminders for this visit.").wait_for()
    page.get_by_text("email", exact=True).first.wait_for()


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP, DESKTOP])
def test_pages_fit_the_screen_and_every_target_can_be_hit(
    browser, live_server: LiveServer, visit: Appointment, viewport: dict[str, int]
) -> None:
    StaffInstruction.objects.create(
        practice=visit.practice,
        appointment=visit,
        kind="paused",
        reason="W" * 200,
        given_at=timezone.now(),
    )
    page = signed_in(browser, live_server, viewport=viewport)
    page.goto(f"{live_server.url}/appointments/{visit.pk}/")
    for summary in page.locator("main summary").all():
        summary.click()
    fits(page)
    page.goto(f"{live_server.url}/try/?of=82")
    fits(page)
    page.get_by_role("button", name="Try the visit of").click()
    page.get_by_role("heading", name="The answer for").wait_for()
    fits(page)
    page.goto(f"{live_server.url}/try/")
    page.locator("#visit").fill("404404")
    page.get_by_role("button", name="Try this visit").click()
    page.get_by_text("Kept knows no visit with this number.").wait_for()
    fits(page)


def fits(page) -> None:
    """Nothing stands out at the side, and every target is 24 pixels high or more."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    small = page.evaluate(
        """() => [...document.querySelectorAll(
                'main :is(a, button, summary, select, input:not([type=hidden]))')]
            .filter(e => e.offsetParent && !e.closest('.hint, p, .tick'))
            .filter(e => e.getBoundingClientRect().height < 24)
            .map(e => e.outerHTML)"""
    )
    assert small == []
