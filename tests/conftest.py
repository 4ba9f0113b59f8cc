"""Set before Django loads: the environment of the tests, and a database file of this run's own."""

import os

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("TEST_SQLITE_FILE", f"var/test-{os.getpid()}.sqlite3")

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from audit.context import acting_as
from tests.emptying import empty_all

# How fast a busy machine makes examples says nothing about what is tested with them.
settings.register_profile("kept", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kept")


@pytest.fixture(scope="session", autouse=True)
def quick_emptying_between_tests() -> Iterator[None]:
    """What a transactional test leaves behind is removed by us instead of by a flush."""
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", lambda case: empty_all()):
        yield


@pytest.fixture
def as_process() -> Iterator[None]:
    """For tests of what Kept does by itself."""
    with acting_as(process="test"):
        yield


@pytest.fixture
def other_connection() -> Iterator:
    """A second connection to the test database, for what another process would see or do."""
    with closing(connections["default"].copy()) as other:
        yield other


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser for the tests that click; without one they are skipped, and say so."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = [os.environ.get("CHROMIUM", ""), *(shutil.which(name) or "" for name in names)]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    if os.environ.get("REQUIRE_CHROMIUM"):
        pytest.fail("No Chromium, but REQUIRE_CHROMIUM is set.")
    pytest.skip("NO BROWSER: install chromium or set CHROMIUM to its path.")


def pytest_report_header(config: pytest.Config) -> str:
    from django.conf import settings

    return f"database: {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[-1]}"
