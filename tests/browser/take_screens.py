"""Takes the pictures of README.md from a running demonstration; all people in it are invented.

    make demo                                     (in another terminal; wait until it has filled up)
    python tests/browser/take_screens.py http://127.0.0.1:8000 kept-demo-password

The password is the one that the demonstration prints. CHROMIUM names a browser elsewhere.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
# Wide enough for the console to show its menu.
WIDTH = 1280
# Picture, who signs in, the page, and how much of it: low enough for less than 150 kB.
PICTURES = (
    ("worklist", "desk", "/worklist/", 720),
    ("console", "ops", "/admin/campaigns/appointment/", 620),
)


def chromium() -> str:
    """The browser that is installed; playwright's own download is not needed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise SystemExit("No Chromium is installed. Install one, or set CHROMIUM to its path.")
    return found


def signed_in(
    browser: Browser, demo: str, person: str, password: str, address: str, height: int
) -> Page:
    """The page, as this person sees it."""
    viewport: ViewportSize = {"width": WIDTH, "height": height}
    page = browser.new_page(viewport=viewport, color_scheme="light")
    page.goto(f"{demo}/accounts/login/?next={address}")
    page.fill("input[name=username]", person)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{demo}{address}*")
    page.wait_for_load_state("networkidle")
    return page


def main(demo: str, password: str) -> None:
    """All pictures, one after the other."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for picture, person, address, height in PICTURES:
            page = signed_in(browser, demo.rstrip("/"), person, password, address, height)
            file = SCREENS / f"{picture}.png"
            page.screenshot(path=file, animations="disabled")
            print(f"{file.name}: {file.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
