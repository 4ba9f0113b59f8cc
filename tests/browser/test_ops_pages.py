"""Clinical ops' pages in a real browser: they fit every screen, and mend what they show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from campaigns.domain.coverage import Code, state_of
from campaigns.models import BULK, CLINICAL_OPS, Appointment, Practice
from integrations.models import (
    Connection,
    Feed,
    FeedCursor,
    InboundMessage,
    SyncKind,
    SyncOutcome,
    SyncRun,
)
from tests.browser.test_pages import DESKTOP, PHONE, signed_in
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    PatientFactory,
    PracticeFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLET = {"width": 1024, "height": 768}
LONG = "Comprehensive gerontological re-evaluation with caregivers and interpreter"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def practice() -> Iterator[Practice]:
    made = PracticeFactory(name="Lakeside Family Medicine")
    UserFactory(username="dana", role=CLINICAL_OPS, practices=[made])
    yield made


def fill(practice: Practice) -> None:
    """Two weeks behind and two ahead, every kind of hole, and runs of each kind."""
    AppointmentTypeFactory(practice=practice)
    AppointmentTypeFactory(practice=practice, external_id="92", name="Nutrition")
    campaign = CampaignFactory(practice=practice)
    gone = CampaignFactory(
        practice=practice, external_id="cmp_gone", name="Spring check-up", active=False
    )
    CampaignRuleFactory(
        practice=practice, campaign=campaign, modality="in_person", risk="standard", language="en"
    )
    CampaignRuleFactory(practice=practice, appointment_type_id="85", campaign=gone)
    patient = PatientFactory(practice=practice)
    ahead = [
        (14, Code.ENROLLED, {}),
        (3, Code.EFFECT_IN_FLIGHT, {}),
        (4, Code.NO_RULE, {"type_external_id": "91", "type_name": LONG}),
        (2, Code.NO_RULE, {"type_external_id": "92", "type_name": "Nutrition"}),
        (3, Code.ENROLLED, {"route_language": "es"}),
        (2, Code.ENROLLED, {"route_risk": "enhanced"}),
        (1, Code.NO_RULE, {"route_modality": "telehealth"}),
        (2, Code.NO_CONTACT_CHANNEL, {}),
        (1, Code.VENDOR_REJECTED, {}),
        (2, Code.OPTED_OUT, {}),
    ]
    for number, code, columns in ahead:
        for n in range(number):
            visit(practice, patient, 1 + n, code, **columns)
    past = [(Code.COMPLETED, "completed"), (Code.NO_SHOW, "no_show"), (Code.CANCELLED, "cancelled")]
    for n in range(40):
        code, status = past[0 if n % 4 else n % 3]
        confirmed = {"confirmation": "confirmed"} if n % 3 else {}
        visit(practice, patient, -1 - n % 13, code, status=status, **confirmed)
    Appointment.objects.filter(coverage_code=Code.NO_RULE).update(
        look_due_at=timezone.now(), look_priority=BULK
    )
    history(practice)


def visit(practice: Practice, patient: Any, days: int, code: Code, **columns: Any) -> Appointment:
    routed = {"route_modality": "in_person", "route_risk": "standard", "route_language": "en"}
    return AppointmentFactory(
        practice=practice,
        patient=patient,
        starts_at=timezone.now() + timedelta(days=days),
        code=code,
        coverage_state=state_of(code),
        **{**routed, **columns},
    )


def history(practice: Practice) -> SyncRun:
    now = timezone.now()
    for vendor, which in (("athenahealth", Feed.APPOINTMENTS), ("relatient", Feed.EVENTS)):
        row = Connection.objects.create(practice=practice, vendor=vendor)
        FeedCursor.objects.create(
            practice=practice,
            connection=row,
            feed=which,
            last_success_at=now - timedelta(minutes=3),
        )
    SyncRun.objects.create(
        practice=practice,
        kind=SyncKind.BACKFILL,
        started_at=now - timedelta(minutes=9),
        progress={"from": "2026-06-01", "to": "2026-06-30", "next": "2026-06-12"},
        counts={"seen": 412, "new": 400},
    )
    failed = SyncRun.objects.create(
        practice=practice,
        kind=SyncKind.POLL,
        started_at=now - timedelta(hours=1),
        ended_at=now,
        outcome=SyncOutcome.FAILED,
        problem="athenahealth did not answer in time. Kept tries again by itself.",
        counts={"seen": 12, "new": 3, "errors": 1},
    )
    for status, problem in (("processed", ""), ("parked", "This row has no start time.")):
        InboundMessage.objects.create(
            practice=practice,
            vendor="athenahealth",
            kind="row" if problem else "appointments_page",
            status=status,
            problem=problem,
            read_began=now,
            sync_run=failed,
        )
    return failed


def addresses() -> list[str]:
    runs = [f"/admin/integrations/syncrun/{run.pk}/change/" for run in SyncRun.objects.all()]
    pages = ["/coverage/", "/coverage/?weeks=1", "/reports/", "/admin/"]
    return [*pages, "/admin/integrations/syncrun/", *runs]


@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
@pytest.mark.parametrize("viewport", [DESKTOP, TABLET, PHONE], ids=["1440", "1024", "390"])
def test_pages_fit_the_screen_and_every_target_can_be_hit(
    browser, live_server: LiveServer, practice: Practice, viewport: dict[str, int], filled: bool
) -> None:
    if filled:
        fill(practice)
    page = signed_in(browser, live_server, viewport=viewport)
    assert page.url.endswith("/coverage/")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    for address in addresses():
        page.goto(live_server.url + address)
        assert page.evaluate(WIDE) == 0, address
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                    'main :is(a, button, summary, select), .console-home :is(a, summary)')]
                .filter(e => e.offsetParent && !e.closest('.notice, p'))
                .filter(e => e.getBoundingClientRect().height < 24)
                .map(e => e.textContent)"""
        )
        assert small == [], address
    assert errors == []


def test_a_hole_leads_to_where_it_is_mended(
    browser, live_server: LiveServer, practice: Practice
) -> None:
    fill(practice)
    page = signed_in(browser, live_server, viewport=DESKTOP)
    link = page.get_by_role("link", name="Choose a campaign for Nutrition")
    assert link.get_attribute("href") == "/coverage/mapping/?type=92"
    page.get_by_role("link", name="1 week", exact=True).click()
    page.get_by_role("heading", name="Coverage", exact=True).wait_for()
    row = page.get_by_role("row", name="No usable mobile number")
    row.get_by_role("link", name="See the visits").click()
    page.wait_for_url("**/admin/campaigns/appointment/?**")
    assert page.locator("#result_list tbody tr").count() == 2


def test_long_work_moves_on_while_one_looks(
    browser, live_server: LiveServer, practice: Practice
) -> None:
    fill(practice)
    page = signed_in(browser, live_server, viewport=DESKTOP)
    page.goto(live_server.url + "/admin/integrations/syncrun/")
    page.get_by_text("11 of 30 days").wait_for()
    backfill = SyncRun.objects.get(kind=SyncKind.BACKFILL)
    backfill.progress["next"] = "2026-06-21"
    backfill.save()
    page.get_by_text("20 of 30 days").wait_for()
