"""Chromium, started once for each module; every test has contexts of its own in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium(django_db_setup: None, chromium_path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, in which Django would refuse every query.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield opened
        opened.close()
        # In the event loop the tests had a connection of their own; left open, it would keep
        # PostgreSQL from dropping the test database.
        connections.close_all()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """Nobody is signed in, and nothing is remembered; what the test opened is closed behind it."""
    yield chromium
    for context in chromium.contexts:
        context.close()
