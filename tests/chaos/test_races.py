"""Two processes of each kind at once, without any webhook: every row is taken once."""

from __future__ import annotations

from collections import Counter

from campaigns.models import Response
from tests.chaos.processes import finish, start
from tests.scenarios.clinic import Clinic

VISITS = 12


def twice(*command: str) -> list[dict]:
    """The same command in two processes at the same time."""
    pair = [start(*command, "--json") for _ in range(2)]
    return [finish(process) for process in pair]


def test_two_polls_and_two_workers_enroll_each_appointment_once(clinic: Clinic) -> None:
    appointments = [clinic.book(clinic.patient(), days=2 + n / 4) for n in range(VISITS)]
    twice("poll")
    twice("work", "--seconds", "20")
    enrolled = Counter(row["appointment"]["external_id"] for row in clinic.enrollments())
    assert len(enrolled) == VISITS
    assert set(enrolled.values()) == {1}
    assert all(len(clinic.active(appointment)) == 1 for appointment in appointments)


def test_two_workers_write_each_answer_once(clinic: Clinic) -> None:
    appointments = [clinic.book(clinic.patient(), days=2 + n / 4) for n in range(VISITS)]
    clinic.sync()
    for number, appointment in enumerate(appointments):
        clinic.answer(appointment, ("confirmed", "cancelled")[number % 2])
    twice("collect")
    assert Response.objects.count() == VISITS
    twice("work", "--seconds", "20")
    for appointment in appointments:
        assert len(clinic.chart_writes(appointment)) == 1
    assert set(Response.objects.values_list("outcome", flat=True)) == {"applied"}
