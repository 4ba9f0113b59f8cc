"""What the journeys share: a clinic with both vendors, its people, and ten seconds that pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Appointment
from tests.factories import PASSWORD, UserFactory
from tests.scenarios.clinic import Clinic

AFTER_THE_HOLD = timedelta(seconds=11)
# Kept's clock is this process's, so that a test can let time pass without waiting.
CLOCK = "process"


def hired(clinic: Clinic, name: str, role: str) -> str:
    """Somebody with a role at the clinic; their user name."""
    UserFactory(username=name.lower(), first_name=name, role=role, practices=[clinic.practice])
    return name.lower()


def sits_down(browser: Any, live_server: LiveServer, person: str, **options: Any) -> Any:
    """A page of the person's own browser, signed in, where their day begins."""
    page = browser.new_context(**options).new_page()
    page.goto(live_server.url)
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return page


def named(clinic: Clinic, name: str, **fields: Any) -> str:
    """A patient of this name, reached under a number that nobody else has."""
    phone = f"617227{sum(map(ord, name)):04}"
    first, last = name.split()
    return clinic.patient(firstname=first, lastname=last, **{"mobilephone": phone, **fields})


def booked_tomorrow(clinic: Clinic, *patients: str) -> list[str]:
    """A visit for each, all at one hour, enrolled and not confirmed."""
    visits = [clinic.book(patient, days=1) for patient in patients]
    clinic.sync()
    assert all(clinic.active(visit) for visit in visits)
    return visits


def ten_seconds_pass(clinic: Clinic) -> None:
    """Nothing can be taken back any more, and Kept does what follows."""
    with time_machine.travel(datetime.now(UTC) + AFTER_THE_HOLD, tick=True):
        clinic.work()


def row_of(page: Any, visit: str) -> Any:
    """The row of a visit on the work list."""
    return page.locator(f"#visit-{Appointment.objects.get(external_id=visit).pk}")
