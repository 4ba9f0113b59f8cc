"""Races of two effects about one subject: each would be right alone."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.execution import execute
from campaigns.models import Effect
from tests.chaos.directed import verdicts
from tests.chaos.directed.stage import (
    enrolled,
    looked,
    moved,
    polled,
    queued,
    rerouted,
    sent_by_another,
    settled,
)
from tests.chaos.stops import stopped
from tests.scenarios.clinic import Clinic

Ask = Callable[[], Effect]


def two_updates_of_one_patient(clinic: Clinic) -> list[str]:
    """A then B is asked for; B is sent first and its answer stored last."""
    visit = enrolled(clinic)
    patient = clinic.chart(visit)["patientid"]

    def change(phone: str) -> Effect:
        clinic.control(f"athena/patients/{patient}", {"mobilephone": phone})
        polled(clinic)
        looked(visit)
        return queued("upsert_patient")

    _in_the_other_order(lambda: change("6172267003"), lambda: change("6172267004"))
    settled(clinic)
    return verdicts.against(clinic)


def two_updates_of_one_enrollment(clinic: Clinic) -> list[str]:
    """The same with the time of a visit that is moved twice."""
    visit = enrolled(clinic)

    def change(days: float) -> Effect:
        moved(clinic, visit, days)
        polled(clinic)
        looked(visit)
        return queued("update_enrollment")

    _in_the_other_order(lambda: change(4), lambda: change(5))
    settled(clinic)
    return verdicts.against(clinic)


def _in_the_other_order(ask_first: Ask, ask_second: Ask) -> None:
    """Two workers: the first stands before its call, the second between its answer and its row."""
    with stopped(execute, "_call_and_settle") as before_the_call:
        first = sent_by_another(ask_first())
        assert before_the_call.wait_for(first)
        effect = ask_second()
        with stopped(execute, "_call", after=True) as answered:
            second = sent_by_another(effect)
            if not answered.wait_for(second):
                # It may not go while the first is on its way.
                answered.let_go()
            before_the_call.let_go()
            first.finish()
            answered.let_go()
            second.finish()


def both_lanes_of_one_patient(clinic: Clinic) -> list[str]:
    """The patient and the visit change at once; a worker stands in each lane."""
    visit = enrolled(clinic)
    patient = clinic.chart(visit)["patientid"]
    moved(clinic, visit, days=4)
    clinic.control(f"athena/patients/{patient}", {"mobilephone": "6172267003"})
    polled(clinic)
    looked(visit)
    with stopped(execute, "_call") as waiting:
        first = sent_by_another(queued("update_enrollment"))
        assert waiting.wait_for(first)
        second = sent_by_another(queued("upsert_patient"))
        second.finish()
        waiting.let_go()
        first.finish()
    settled(clinic)
    return verdicts.against(clinic)


def route_changed_and_the_cancel_is_lost(clinic: Clinic) -> list[str]:
    """The old enrollment ends before the new one begins, also when nobody hears that it ended."""
    visit = enrolled(clinic)
    rerouted(clinic, visit)
    clinic.slow_retries()
    clinic.fault(kind="reset_after", method="POST", path="/cancel$")
    clinic.poll_and_work()
    early = len(clinic.enrollments(visit)) - 1
    settled(clinic)
    lost = ["the new enrollment was made before the end of the old one was certain"] * early
    return [*lost, *verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]


def route_changed_and_the_cancel_never_arrived(clinic: Clinic) -> list[str]:
    """The same when the request to end it got lost on its way."""
    visit = enrolled(clinic)
    rerouted(clinic, visit)
    clinic.slow_retries()
    clinic.fault(kind="reset_before", method="POST", path="/cancel$")
    clinic.poll_and_work()
    settled(clinic)
    return [*verdicts.against(clinic), *verdicts.not_reminded(clinic, visit)]
