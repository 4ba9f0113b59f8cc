"""A request that came through late wrote a note or a task a second time: the desk is told."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.context import acting_as
from campaigns.models import Effect, WorkItem
from campaigns.work_items import close_work_item
from tests.factories import UserFactory
from tests.integration.command_room import answered
from tests.scenarios.bell import reads
from tests.scenarios.clinic import JSON, Clinic

NOTES = "/v1/{practiceid}/appointments/{appointmentid}/notes"
ITEMS = WorkItem.objects.filter(kind="written_twice")


def of_chart(clinic: Clinic, kind: str) -> list[JSON]:
    """The simulator's rows of what was written."""
    chart = clinic.simulator.simulation.athena.chart
    if kind == "schedule_note":
        return next(iter(chart.notes.values()))
    return chart.cases


def written_again(clinic: Clinic, kind: str) -> None:
    """The first request got no answer, Kept looked, wrote it, and then the first came through."""
    clinic.slow_retries()
    path = "/notes$" if kind == "schedule_note" else "/patientcase$"
    clinic.fault(kind="reset_before", method="POST", path=path)
    if kind == "schedule_note":
        visit = clinic.book(clinic.patient())
        clinic.sync()
        clinic.answer(visit, "reschedule_requested")
    else:
        clinic.book(clinic.patient(mobilephone="", homephone="", email=""))
    clinic.sync()
    effect = Effect.objects.get(kind=kind, status="unknown")
    clinic.try_again(effect)
    clinic.work()
    effect.refresh_from_db()
    assert effect.status == "accepted"
    rows = of_chart(clinic, kind)
    number = "noteid" if kind == "schedule_note" else "patientcaseid"
    rows.append(rows[0] | {number: 990_001})


@pytest.mark.parametrize("kind", ["schedule_note", "patient_case"])
def test_what_stands_in_the_chart_twice_is_one_item_until_one_is_left(
    clinic: Clinic, kind: str
) -> None:
    written_again(clinic, kind)
    for _ in range(2):
        report, status = answered("reconcile")
        assert (report["written_twice"], report["drift"], status) == (1, 0, 1), report
    assert "more than once" in ITEMS.get(closed_at=None).sentence
    # Days later the item itself is the reason to look.
    Effect.objects.filter(kind=kind).update(finished_at=timezone.now() - timezone.timedelta(days=9))
    of_chart(clinic, kind).pop()
    report, status = answered("reconcile")
    assert (report["written_twice"], status) == (0, 0)
    assert not ITEMS.filter(closed_at=None).exists()


def test_a_person_closes_it_for_good_and_what_was_written_once_costs_no_call(
    clinic: Clinic,
) -> None:
    visit = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(visit, "reschedule_requested")
    clinic.sync()
    before = reads(NOTES)
    answered("reconcile")
    assert reads(NOTES) == before == 1
    written_again(clinic, "patient_case")
    answered("reconcile")
    with acting_as(process="test"):
        assert close_work_item(ITEMS.get(), UserFactory(username="rosa"))
    report, _ = answered("reconcile")
    assert report["written_twice"] == 1 and not ITEMS.filter(closed_at=None).exists()
