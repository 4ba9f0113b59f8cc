"""The side of the chart: one window of booked visits at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Department
from campaigns.ports import Guard
from campaigns.reconciliation import appointments
from integrations.connections import registry
from integrations.feeds.booked_appointments import read_window, windows
from integrations.inbox import process
from integrations.models import InboundMessage
from integrations.reconcile.progress import Phase, Round
from integrations.reconcile.report import VISITS_NOT_LISTED
from integrations.vendors import ChartFace, chart_of


def compare_window(round_: Round, guard: Guard, time_is_up: Callable[[], bool]) -> str:
    """Read the next window, take it in, and have missing visits read again; its dates in words.

    Pages that are not taken in before the time is up are taken in by the next tick.
    """
    first, end = next(windows(round_.next_day, round_.last))
    connection = registry.find_open(round_.practice.external_id, System.CHART)
    began = database_now()
    pages = read_window(connection, round_.run, first, end, guard)
    for page in pages:
        if time_is_up():
            break
        process.process(page.pk)
    departments = Department.objects.filter(practice=round_.practice)
    missing = appointments.not_listed(
        round_.practice,
        first,
        end,
        departments=list(departments.values_list("external_id", flat=True)),
        listed=_ids(chart_of(round_.practice), pages),
        began=began,
    )
    round_.find(VISITS_NOT_LISTED, *missing)
    following = end + timedelta(days=1)
    phase = Phase.REMINDERS if following > round_.last else Phase.CHART
    round_.save(next=following.isoformat(), phase=phase.value)
    return f"{first} to {end}"


def _ids(chart: ChartFace, pages: list[InboundMessage]) -> set[str]:
    return {
        chart.appointment_id(row)
        for page in pages
        for row in page.payload or []
        if isinstance(row, dict)
    }
