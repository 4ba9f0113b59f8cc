"""Two at the same rows in the same moment: the lock lets one of them go first."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from campaigns.clock import database_now
from campaigns.decisions import look
from campaigns.execution import execute, settle
from campaigns.intake import chart
from campaigns.models import Appointment
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import (
    enrolled,
    looked,
    moved,
    polled,
    queued,
    settled,
)
from tests.chaos.stops import Worker, stopped, until_blocked_or_over
from tests.scenarios.clinic import Clinic

Act = Callable[[], Any]


def look_due(visit: str) -> None:
    """A look is owed."""
    Appointment.objects.filter(external_id=visit).update(look_due_at=database_now())


def meet(stop: tuple[ModuleType, str], first: Act, second: Act) -> None:
    """The first stands still inside its transaction while the second comes to the same rows."""
    with stopped(*stop) as inside:
        one = Worker(first)
        assert inside.wait_for(one)
        other = Worker(second)
        until_blocked_or_over(other)
        inside.let_go()
        one.finish()
        other.finish()


def moved_during_a_look(clinic: Clinic) -> list[str]:
    """A look has decided and not yet written; the visit's move is taken in meanwhile."""
    visit = enrolled(clinic)
    look_due(visit)
    meet((look, "_record"), lambda: looked(visit), lambda: moved_and_polled(clinic, visit))
    settled(clinic)
    return verdicts.against(clinic)


def two_looks_at_once(clinic: Clinic) -> list[str]:
    """Two sweepers find the same visit due: it is enrolled once."""
    visit = clinic.book(clinic.patient(), days=3)
    polled(clinic)
    meet((look, "_record"), lambda: looked(visit), lambda: looked(visit))
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]


def two_intakes_at_once(clinic: Clinic) -> list[str]:
    """Two readers take in the same new visit, one of them an older state of it."""
    visit = clinic.book(clinic.patient(), days=3)
    meet((chart, "_create"), lambda: polled(clinic), lambda: moved_and_polled(clinic, visit))
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]


def moved_during_a_settlement(clinic: Clinic) -> list[str]:
    """An update's answer is being written down; a further move is taken in meanwhile."""
    visit = enrolled(clinic)
    moved(clinic, visit, days=4)
    polled(clinic)
    looked(visit)
    update = queued("update_enrollment")
    meet(
        (settle, "_write"),
        lambda: execute.execute_effect(update.pk),
        lambda: moved_and_polled(clinic, visit),
    )
    settled(clinic)
    return verdicts.against(clinic)


def moved_and_polled(clinic: Clinic, visit: str) -> None:
    """Staff move the visit, and a reader takes that in."""
    moved(clinic, visit, days=5)
    polled(clinic)
