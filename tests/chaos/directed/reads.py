"""Races of reads: a page processed late, a process that dies between reading and storing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.inbox import process
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import cancelled, enrolled, leases_run_out, polled, settled
from tests.chaos.processes import killed_at
from tests.chaos.stops import Worker, stopped
from tests.scenarios.clinic import Clinic


def overtaken(clinic: Clinic, change: Callable[[], Any]) -> list[str]:
    """A page is read and stands still; a newer one, after a change, is taken in; then the first."""
    with stopped(process, "_attempt") as reading:
        slow = Worker(lambda: polled(clinic))
        assert reading.wait_for(slow)
        change()
        polled(clinic)
        reading.let_go()
        slow.finish()
    settled(clinic)
    return verdicts.against(clinic)


def stale_page_of_a_new_visit(clinic: Clinic) -> list[str]:
    """A page is read; the visit is cancelled, and a newer page taken in; then the first one is."""
    visit = clinic.book(clinic.patient())
    return overtaken(clinic, lambda: cancelled(clinic, visit))


def stale_page_of_an_enrolled_visit(clinic: Clinic) -> list[str]:
    """The same, with a visit that is enrolled: its enrollment ends and does not come back."""
    visit = enrolled(clinic)
    clinic.control(f"athena/appointments/{visit}/change", {})
    return overtaken(clinic, lambda: cancelled(clinic, visit))


def stale_patient(clinic: Clinic) -> list[str]:
    """A page of patients is read; a newer one is taken in; then the first one is."""
    visit = enrolled(clinic)
    patient = clinic.chart(visit)["patientid"]
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172267003"})
    newer = {"mobilephone": "6172267004"}
    return overtaken(clinic, lambda: clinic.control(f"athena/patients/{patient}", newer))


def killed_with_a_page_in_hand(clinic: Clinic) -> list[str]:
    """The feed was emptied by reading it, and the process is killed before the page is stored."""
    visits = [clinic.book(clinic.patient()) for _ in range(2)]
    killed_at("page_read", "poll")
    leases_run_out()
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, *visits)]


def killed_with_events_in_hand(clinic: Clinic) -> list[str]:
    """Events are read, and the process is killed before they are stored."""
    visits = [enrolled(clinic, days=2 + n) for n in range(2)]
    for visit in visits:
        clinic.answer(visit, "confirmed")
    killed_at("before_events_stored", "collect")
    leases_run_out()
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_confirmed(clinic, *visits)]
