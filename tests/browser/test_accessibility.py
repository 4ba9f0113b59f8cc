"""axe-core looks for barriers on every page: filled, empty, refused, and on a phone.

A finding that axe calls serious or critical fails the test, in the console too: where Unfold's
own templates left one, our side mends it (the select of a person's practice), so none is excused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from audit.context import acting_as
from campaigns.access import CONSOLE, PAGES
from campaigns.domain.coverage import Code
from campaigns.domain.values import WorkItemKind
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    CallClaim,
    Practice,
)
from tests.browser.test_pages import DESKTOP, PHONE
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    PracticeFactory,
    UserFactory,
    WorkItemFactory,
)
from tests.integration.every_room import every_address, fill, row_of
from tests.integration.test_every_address import ANSWERS, Room, console_address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
LOOK = """async () => (await axe.run({resultTypes: ['violations']})).violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .flatMap(found => found.nodes.map(node =>
        [found.id, node.target.join(' '), node.html.slice(0, 200), node.failureSummary]))"""


class Looker:
    """One person's browser, and what axe found while they went round."""

    def __init__(self, page: Any, home: str, role: str = "") -> None:
        self.page, self.home, self.role = page, home, role
        self.found: list[str] = []
        self.looked = 0

    def open(self, *addresses: str) -> None:
        for address in addresses:
            self.page.goto(self.home + address)
            self.look(address)

    def look(self, where: str) -> None:
        """The page as it stands, on a desk and on a phone."""
        for width in (PHONE, DESKTOP):
            self.page.set_viewport_size(width)
            for rule, target, html, why in self.page.evaluate(LOOK):
                self.found.append(f"{where} {width['width']}: {rule} {target}\n{html}\n{why}")
        self.looked += 1

    def unfolded(self, where: str) -> None:
        """With all that can be opened open."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        self.look(f"{where} opened")


@pytest.fixture
def practice() -> Practice:
    return PracticeFactory(name="Lakeside Family Medicine")


@pytest.fixture
def room(practice: Practice) -> Room:
    """A row of everything, a family, a call that waits, and a colleague who is calling."""
    with acting_as(process="test"):
        made = Room(practice, fill(practice))
    colleague = UserFactory(username="ravi", first_name="Ravi", practices=[practice])
    now = timezone.now()
    for hours in (3, 4):
        AppointmentFactory(
            practice=practice,
            patient=made.visit.patient,
            starts_at=now + timedelta(hours=hours),
            external_id=f"near-{hours}",
        )
    claimed = Appointment.objects.get(external_id="near-4")
    CallClaim.objects.create(
        appointment=claimed,
        practice=practice,
        user=colleague,
        claimed_at=now,
        until=now + timedelta(minutes=10),
    )
    AppointmentFactory(practice=practice, code=Code.NO_RULE, type_external_id="91", type_name="MRI")
    child = AppointmentFactory(practice=practice, code=Code.NO_CONTACT_CHANNEL)
    WorkItemFactory(appointment=child, kind=WorkItemKind.NO_CONTACT)
    return made


@pytest.fixture
def looker(browser: Any, live_server: LiveServer, request: pytest.FixtureRequest) -> Iterator:
    """Signs somebody in; at the end nothing may have been found."""
    role, practice = request.param, request.getfixturevalue("practice")
    UserFactory(username="dana", role=role, practices=[practice])
    page = browser.new_context(reduced_motion="reduce", bypass_csp=True).new_page()
    page.goto(live_server.url)
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/accounts/login/" not in address)
    page.context.add_init_script(path=AXE)
    made = Looker(page, live_server.url, role)
    yield made
    assert made.looked
    assert not made.found, "\n\n".join(made.found)


def own(role: str, room: Room | None) -> list[str]:
    """The pages of a role that are opened by a link and are a page, not a file."""
    files = ("worklist-export", "mapping-export")
    named = [
        one
        for one in every_address()
        if role in PAGES.get(one.name, ())
        and ANSWERS[one.name][0] == 200
        and one.name not in files
        and (room is not None or not one.arguments)
    ]
    return [room.address(one) if room else f"/{one.route}" for one in named]


ROLE = pytest.mark.parametrize("looker", [FRONT_DESK, CLINICAL_OPS, ADMINS], indirect=True)


def only(role: str) -> Any:
    return pytest.mark.parametrize("looker", [role], indirect=True)


@ROLE
def test_every_page_of_a_role(looker: Looker, room: Room) -> None:
    looker.open(*own(looker.role, room))


@ROLE
def test_every_page_of_a_role_before_anything_was_read(looker: Looker) -> None:
    looker.open(*own(looker.role, None))
    if CONSOLE[looker.role]:
        looker.open("/admin/", "/admin/campaigns/appointment/", "/admin/integrations/syncrun/")


@only(FRONT_DESK)
def test_the_work_list_in_all_its_states(looker: Looker, room: Room) -> None:
    page = looker.page
    looker.open("/worklist/?show=all", "/worklist/?show=later", "/worklist/?reason=failed")
    looker.open("/worklist/?show=all")
    looker.unfolded("work list")
    page.locator("#q").fill("Rosa")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/worklist/search/")
    looker.look("search")
    page.goto(looker.home + "/worklist/?show=all")
    page.locator("[data-list]").focus()
    page.keyboard.press("?")
    page.locator("#keys").wait_for()
    looker.look("help with the keys")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Left voicemail").first.click()
    page.get_by_text("until then it can be taken back").wait_for()
    looker.look("something to undo")


@only(FRONT_DESK)
def test_several_at_once_and_a_colleague_who_is_calling(looker: Looker, room: Room) -> None:
    page = looker.page
    page.goto(looker.home + "/worklist/?show=all")
    page.locator("input[name=visit]").first.check()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.locator("#bulk-kind").select_option("no_answer")
    page.locator("#bulk-kind").evaluate("one => one.form.requestSubmit()")
    page.wait_for_url("**/worklist/bulk/")
    looker.look("bulk preview")
    page.goto(looker.home + "/worklist/?show=all")
    claimed = Appointment.objects.get(external_id="near-4")
    row = page.locator(f"#visit-{claimed.pk}")
    row.get_by_role("button", name="Confirmed").click()
    page.get_by_role("heading", name="is calling this patient").wait_for()
    looker.look("claimed by a colleague")


@only(CLINICAL_OPS)
def test_mapping_and_trying_in_all_their_states(looker: Looker, room: Room) -> None:
    page = looker.page
    looker.open(*(f"/coverage/mapping/?type={kind}" for kind in ("82", "*", "91")))
    looker.unfolded("mapping")
    page.goto(looker.home + "/coverage/mapping/?type=82&languages=1")
    page.get_by_label("Any place, any risk, any language").select_option("cmp_gentle")
    page.get_by_role("button", name="Show the effect").click()
    page.get_by_role("button", name="Save").wait_for()
    looker.look("effect of a change")
    for lines in ("82,any,any,any,cmp_gentle\n", "82,any,enhanced,any,cmp_nothing\n"):
        upload(looker, lines)
    looker.open("/try/?of=82")
    page.get_by_role("button", name="Try the visit of").first.click()
    page.get_by_role("heading", name="The answer for").wait_for()
    looker.unfolded("answer for a booked visit")
    page.locator("#visit").fill("404404")
    page.get_by_role("button", name="Try this visit").click()
    page.get_by_text("Kept knows no visit with this number.").wait_for()
    looker.look("a number that is not known")
    page.get_by_role("button", name="Try this case").click()
    page.get_by_role("heading", name="The answer for").wait_for()
    looker.look("answer for a described visit")
    looker.open("/try/?type=nothing")


def upload(looker: Looker, lines: str) -> None:
    heading = "appointment_type_id,modality,risk,language,campaign_id\n"
    looker.page.goto(looker.home + "/coverage/mapping/import/")
    looker.page.get_by_label("CSV file of rules").set_input_files(
        {"name": "rules.csv", "mimeType": "text/csv", "buffer": (heading + lines).encode()}
    )
    looker.page.get_by_role("button", name="Check the rules").click()
    looker.page.wait_for_load_state("load")
    looker.look(f"import of {lines}")


@only(CLINICAL_OPS)
def test_the_page_of_a_visit_in_all_its_states(looker: Looker, room: Room) -> None:
    page, address = looker.page, f"/appointments/{room.visit.pk}/"
    looker.open(f"{address}?order=newest")
    looker.unfolded("visit")
    page.get_by_role("button", name="Withdraw").first.click()
    page.get_by_text("Withdrawn.").wait_for()
    looker.look("withdrawn")
    page.locator("#reason-paused").evaluate("one => one.removeAttribute('required')")
    page.locator("#reason-paused").evaluate("one => one.form.requestSubmit()")
    page.locator("[aria-invalid], [role=alert]").first.wait_for()
    looker.look("an instruction without a reason")
    theirs = AppointmentFactory()
    looker.open(f"/appointments/{theirs.pk}/", "/worklist/", "/no-such-page/")


@only(ADMINS)
def test_every_list_of_the_console(looker: Looker, room: Room) -> None:
    looker.open("/admin/", *in_console(room, "changelist"))


@only(ADMINS)
@pytest.mark.parametrize("kinds", [("change",), ("add", "delete")])
def test_every_form_of_the_console(looker: Looker, room: Room, kinds: tuple[str, ...]) -> None:
    looker.open(*in_console(room, *kinds))
    if "add" in kinds:
        person = row_of("project.user", room.practice)
        looker.open(f"/admin/project/user/{person.pk}/password/", "/admin/password_change/")
        looker.open(f"/admin/campaigns/effect/{room.visit.effects.get().pk}/history/")


def in_console(room: Room, *kinds: str) -> list[str]:
    """The lists and forms that an admin may open."""
    needs = {"changelist": "view", "change": "view", "add": "add", "delete": "delete"}
    return [
        console_address(one, room)
        for one in every_address()
        for label, rights in CONSOLE[ADMINS].items()
        for kind in kinds
        if one.name == f"admin:{label.replace('.', '_')}_{kind}" and needs[kind] in rights
    ]


@only("")
def test_somebody_without_a_role(looker: Looker) -> None:
    looker.open("/", "/worklist/")


def test_the_sign_in_page(browser: Any, live_server: LiveServer) -> None:
    page = browser.new_context(bypass_csp=True).new_page()
    page.context.add_init_script(path=AXE)
    looker = Looker(page, live_server.url)
    looker.open("/accounts/login/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator("[role=alert]").wait_for()
    looker.look("wrong password")
    assert not looker.found, "\n\n".join(looker.found)
