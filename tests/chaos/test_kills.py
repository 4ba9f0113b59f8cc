"""Killed with -9 between any two steps of the loop, then run again: nothing lost, nothing doubled.

The points are those of architecture: window stored, page stored, taken in, decided, effect
claimed, vendor answered. Another process, this one, goes on. Judged by what the vendors hold.
"""

from __future__ import annotations

import pytest

from campaigns.models import Appointment, Effect
from integrations.models import FeedCursor, InboundMessage
from tests.chaos.die_at import POINTS
from tests.chaos.processes import killed_at
from tests.scenarios.clinic import Clinic


def leases_run_out() -> None:
    """Time passes: what the dead process held is free again."""
    past = "2020-01-01T00:00:00Z"
    FeedCursor.objects.exclude(lease_token="").update(lease_until=past)
    InboundMessage.objects.exclude(lease_token="").update(lease_until=past)
    Effect.objects.filter(status="claimed").update(lease_until=past)


@pytest.mark.parametrize("point", list(POINTS))
def test_killed_on_the_way_to_the_enrollment(clinic: Clinic, point: str) -> None:
    appointments = [clinic.book(clinic.patient()) for _ in range(2)]
    killed_at(point, "sync")
    leases_run_out()
    clinic.sync()
    clinic.work(seconds=5)
    for appointment in appointments:
        assert len(clinic.enrollments(appointment)) == 1
        assert len(clinic.active(appointment)) == 1
    assert Appointment.objects.filter(coverage_state="enrolled").count() == 2


@pytest.mark.parametrize("point", ["decided", "effect_claimed", "vendor_answered"])
@pytest.mark.parametrize("answer", ["confirmed", "cancelled", "reschedule_requested"])
def test_killed_on_the_way_to_the_chart(clinic: Clinic, point: str, answer: str) -> None:
    appointment = clinic.book(clinic.patient())
    clinic.sync()
    clinic.answer(appointment, answer)
    killed_at(point, "sync")
    leases_run_out()
    clinic.sync()
    clinic.work(seconds=5)
    assert len(clinic.chart_writes(appointment)) == 1
