"""Races of two workers over one effect, when the lease of the first runs out."""

from __future__ import annotations

from campaigns.execution import execute
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import (
    enrolled,
    leases_run_out,
    looked,
    moved,
    polled,
    queued,
    sent_by_another,
    settled,
)
from tests.chaos.stops import stopped
from tests.scenarios.clinic import Clinic


def lease_lost_before_the_call(clinic: Clinic) -> list[str]:
    """Claimed, then the process stalls; another does it, and a newer one; then the first wakes."""
    visit = enrolled(clinic)
    moved(clinic, visit, days=4)
    polled(clinic)
    looked(visit)
    with stopped(execute, "_call_and_settle") as claimed:
        first = sent_by_another(queued("update_enrollment"))
        assert claimed.wait_for(first)
        leases_run_out()
        clinic.work()
        moved(clinic, visit, days=5)
        clinic.poll_and_work()
        claimed.let_go()
        first.finish()
    settled(clinic)
    return verdicts.against(clinic)


def lease_lost_during_the_call(clinic: Clinic) -> list[str]:
    """The vendor has answered the first; it settles only after another and a newer one have."""
    visit = enrolled(clinic)
    moved(clinic, visit, days=4)
    polled(clinic)
    looked(visit)
    sent_by_another(queued("update_enrollment")).finish()
    looked(visit)
    with stopped(execute, "_call", after=True) as answered:
        first = sent_by_another(queued("resend"))
        assert answered.wait_for(first)
        leases_run_out()
        clinic.work()
        moved(clinic, visit, days=5)
        clinic.poll_and_work()
        answered.let_go()
        first.finish()
    settled(clinic)
    return verdicts.against(clinic)
