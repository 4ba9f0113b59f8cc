"""Takes the pictures of the documentation from a running demonstration; its people are invented.

    make demo                                     (in another terminal; wait until it has filled up)
    python -m tests.browser.take_screens http://127.0.0.1:8000 kept-demo-password

The password is the one that the demonstration prints. CHROMIUM names a browser elsewhere.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.palette import with_palette

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
# Wide enough for the console to show its menu.
SIZE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 800}
# The sign-ins of the demonstration.
DESK, OPS, ADMIN = "desk", "ops", "admin"
PATIENCE = 60_000


def first_visit(page: Page) -> None:
    """From the work list to the page of the first visit there."""
    page.goto(page.url.split("/worklist/")[0] + "/worklist/?show=all")
    page.locator("[data-row] a.strong").first.click()
    page.get_by_role("heading", name="What you can do").wait_for()


def first_row(page: Page) -> None:
    """The first patient, where a thumb reaches the buttons."""
    page.locator("[data-row]").first.evaluate("row => row.scrollIntoView()")


def mapped_type(page: Page) -> None:
    """The most frequent kind of visit that has rules of its own."""
    page.locator(".types li", has_text="mapped").first.get_by_role("link").click()
    page.locator("h2", has_text="OFFICE VISIT").wait_for()


def a_case(page: Page) -> None:
    """A case that is described, with its answer."""
    page.locator("select[name=type]").select_option("82")
    page.get_by_label("texts", exact=True).check()
    page.get_by_role("button", name="Try this case").click()
    page.get_by_role("heading", name="The answer for").wait_for()


def nothing(page: Page) -> None:
    """The page as it opens."""


# Picture, who signs in, the page, what is done there first.
PICTURES: tuple[tuple[str, str, str, ViewportSize, Callable[[Page], None]], ...] = (
    ("worklist", DESK, "/worklist/", SIZE, nothing),
    ("worklist-phone", DESK, "/worklist/", PHONE, first_row),
    ("print", DESK, "/worklist/print/", SIZE, nothing),
    ("appointment", DESK, "/worklist/", SIZE, first_visit),
    ("coverage", OPS, "/coverage/", SIZE, nothing),
    ("mapping", OPS, "/coverage/mapping/", SIZE, mapped_type),
    ("try", OPS, "/try/", SIZE, a_case),
    ("reports", OPS, "/reports/", SIZE, nothing),
    ("dashboard", ADMIN, "/admin/", SIZE, nothing),
    ("console", OPS, "/admin/campaigns/appointment/", SIZE, nothing),
)


def chromium() -> str:
    """The browser that is installed; playwright's own download is not needed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise SystemExit("No Chromium is installed. Install one, or set CHROMIUM to its path.")
    return found


def signed_in(browser: Browser, demo: str, person: str, password: str) -> dict[str, Page]:
    """The person's own windows, by name of the picture; one sign-in for all."""
    context = browser.new_context(viewport=SIZE, color_scheme="light")
    page = context.new_page()
    page.goto(f"{demo}/accounts/login/")
    page.fill("input[name=username]", person)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda address: "/accounts/login/" not in address)
    mine = {}
    for picture, who, address, size, done in PICTURES:
        if who == person:
            page = mine[picture] = context.new_page()
            page.set_viewport_size(size)
            page.set_default_timeout(PATIENCE)
            page.goto(demo + address)
            page.wait_for_load_state("networkidle")
            done(page)
    return mine


def main(demo: str, password: str) -> None:
    """All pictures, one after the other."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for person in (DESK, OPS, ADMIN):
            for picture, page in signed_in(browser, demo.rstrip("/"), person, password).items():
                file = SCREENS / f"{picture}.png"
                page.screenshot(path=file, animations="disabled")
                with_palette(file)
                print(f"{file.name}: {file.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
