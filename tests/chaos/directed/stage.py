"""The steps of a schedule: a visit that is enrolled, a change by staff, a step of the loop."""

from __future__ import annotations

from audit.context import acting_as
from campaigns.clock import database_now
from campaigns.decisions.look import look
from campaigns.execution import execute
from campaigns.models import Appointment, Effect, Practice
from integrations.models import FeedCursor, InboundMessage
from integrations.operations import run
from tests.chaos.stops import Worker
from tests.scenarios.clinic import Clinic

PAST = "2020-01-01T00:00:00Z"
ROUNDS = 6


def enrolled(clinic: Clinic, days: float = 3) -> str:
    """A visit that is known, enrolled and at rest."""
    visit = clinic.book(clinic.patient(), days=days)
    clinic.sync()
    assert len(clinic.active(visit)) == 1
    return visit


def moved(clinic: Clinic, visit: str, days: float) -> None:
    """Staff move the visit in the chart."""
    clinic.control(f"athena/appointments/{visit}/change", {"starts_at": clinic.ahead(days)})


def rerouted(clinic: Clinic, visit: str) -> None:
    """Staff change the type, to one that has another campaign."""
    clinic.control(f"athena/appointments/{visit}/change", {"appointmenttypeid": "83"})


def cancelled(clinic: Clinic, visit: str) -> None:
    """Staff cancel the visit."""
    clinic.control(f"athena/appointments/{visit}/cancel")


def polled(clinic: Clinic) -> None:
    """What changed in the chart is taken in; nothing is looked at."""
    with acting_as(process="test"):
        assert run.poll(clinic.practice)["problems"] == []


def looked(*visits: str) -> None:
    """One look at each visit that is owed one; nothing is sent."""
    with acting_as(process="test"):
        for visit in visits:
            look(Appointment.objects.get(external_id=visit).pk)


def queued(kind: str) -> Effect:
    """The one effect of this kind that was never sent."""
    return Effect.objects.get(kind=kind, status="queued")


def sent_by_another(effect: Effect) -> Worker:
    """Another worker takes the effect in hand."""
    return Worker(lambda: execute.execute_effect(effect.pk))


def leases_run_out() -> None:
    """Time passes: what another held is free again."""
    FeedCursor.objects.exclude(lease_token="").update(lease_until=PAST)
    InboundMessage.objects.exclude(lease_token="").update(lease_until=PAST)
    Effect.objects.filter(status="claimed").update(lease_until=PAST)


def patient_again() -> None:
    """What failed may be tried again at once."""
    Practice.objects.update(retry_base_seconds=0.01)
    Effect.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=database_now())
    InboundMessage.objects.filter(status="stored").update(lease_until=None)


def settled(clinic: Clinic) -> None:
    """Everything that is due is done, and time passes, until nothing happens any more."""
    for _ in range(ROUNDS):
        leases_run_out()
        patient_again()
        report = clinic.sync()
        if not (report["work"]["executed"] or report["work"]["remaining"]):
            return
    raise AssertionError(f"the loop does not come to rest: {report}")
