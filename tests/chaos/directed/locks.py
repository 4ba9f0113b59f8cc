"""Two at the same rows in the same moment: the lock lets one of them go first."""

from __future__ import annotations

from campaigns.clock import database_now
from campaigns.models import Appointment
from campaigns.services import intake, settlement
from campaigns.services import look as looking
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import (
    enrolled,
    looked,
    moved,
    polled,
    queued,
    sent_by_another,
    settled,
)
from tests.chaos.stops import Worker, stopped, until_blocked_or_over
from tests.scenarios.clinic import Clinic


def look_due(visit: str) -> None:
    """A look is owed."""
    Appointment.objects.filter(external_id=visit).update(look_due_at=database_now())


def moved_during_a_look(clinic: Clinic) -> list[str]:
    """A look has decided and not yet written; the visit's move is taken in meanwhile."""
    visit = enrolled(clinic)
    look_due(visit)
    with stopped(looking, "_record") as decided:
        looker = Worker(lambda: looked(visit))
        assert decided.wait_for(looker)
        moved(clinic, visit, days=5)
        reader = Worker(lambda: polled(clinic))
        until_blocked_or_over(reader)
        decided.let_go()
        looker.finish()
        reader.finish()
    settled(clinic)
    return verdicts.against(clinic)


def two_looks_at_once(clinic: Clinic) -> list[str]:
    """Two sweepers find the same visit due: it is enrolled once."""
    visit = clinic.book(clinic.patient(), days=3)
    polled(clinic)
    with stopped(looking, "_record") as decided:
        first = Worker(lambda: looked(visit))
        assert decided.wait_for(first)
        second = Worker(lambda: looked(visit))
        until_blocked_or_over(second)
        decided.let_go()
        first.finish()
        second.finish()
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]


def two_intakes_at_once(clinic: Clinic) -> list[str]:
    """Two readers take in the same new visit, one of them an older state of it."""
    visit = clinic.book(clinic.patient(), days=3)
    with stopped(intake, "_create") as creating:
        first = Worker(lambda: polled(clinic))
        assert creating.wait_for(first)
        moved(clinic, visit, days=5)
        second = Worker(lambda: polled(clinic))
        until_blocked_or_over(second)
        creating.let_go()
        first.finish()
        second.finish()
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]


def moved_during_a_settlement(clinic: Clinic) -> list[str]:
    """An update's answer is being written down; a further move is taken in meanwhile."""
    visit = enrolled(clinic)
    moved(clinic, visit, days=4)
    polled(clinic)
    looked(visit)
    with stopped(settlement, "_write") as settling:
        sender = sent_by_another(queued("update_enrollment"))
        assert settling.wait_for(sender)
        moved(clinic, visit, days=5)
        reader = Worker(lambda: polled(clinic))
        until_blocked_or_over(reader)
        settling.let_go()
        sender.finish()
        reader.finish()
    settled(clinic)
    return verdicts.against(clinic)
