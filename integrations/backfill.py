"""Appointments booked before Kept came: read in windows of a few days, one after another.

athenahealth does not accept bulk reads and tolerates an onboarding read as a temporary exception
(contract, section 2), so the windows are small, the rate is that of every other call, and the
looks they cause come after everything that a patient or the desk waits for. A run that was
interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.models import Appointment, Department, Practice
from campaigns.ports import Deadline, GatewayError
from integrations import connections, inbound
from integrations.athenahealth.client import client_for
from integrations.inbox import store_page
from integrations.models import Connection, InboundKind, SyncKind, SyncOutcome, SyncRun

WINDOW_DAYS = 7
READ_SECONDS = 3600

Progress = Callable[[str], None]


def backfill(practice: Practice, first: date, last: date, say: Progress) -> dict[str, Any]:
    """Read and take in all visits from first to last date, both included.

    Raises GatewayError when a read failed; what was read until then is kept, and running it
    again with the same dates goes on from there.
    """
    connection = connections.find_open(practice.external_id, Vendor.ATHENAHEALTH)
    run = _run(practice, first, last)
    counts: Counter[str] = Counter(run.counts)
    try:
        for start, end in windows(date.fromisoformat(run.progress["next"]), last):
            say(f"{start} to {end}")
            counts.update(_window(connection, run, start, end))
            run.counts = dict(counts)
            run.progress = {**run.progress, "next": (end + timedelta(days=1)).isoformat()}
            run.save(update_fields=["counts", "progress"])
    except GatewayError as error:
        _end(run, SyncOutcome.FAILED, error.sentence)
        raise
    _end(run, SyncOutcome.DONE, "")
    return {
        "seen": counts["seen"],
        "queued": counts["new"] + counts["changed"],
        "errors": counts["errors"],
        "by_reason": by_reason(practice, first, last),
    }


def _run(practice: Practice, first: date, last: date) -> SyncRun:
    """The unfinished run for these dates, or a new one."""
    dates = {"from": first.isoformat(), "to": last.isoformat()}
    newest = SyncRun.objects.filter(practice=practice, kind=SyncKind.BACKFILL).first()
    unfinished = newest is not None and newest.outcome != SyncOutcome.DONE
    if newest is not None and unfinished and dates.items() <= newest.progress.items():
        newest.outcome, newest.ended_at, newest.problem = SyncOutcome.RUNNING, None, ""
        newest.save(update_fields=["outcome", "ended_at", "problem"])
        return newest
    return SyncRun.objects.create(
        practice=practice,
        kind=SyncKind.BACKFILL,
        started_at=database_now(),
        progress={**dates, "next": first.isoformat()},
    )


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The dates from first to last in windows of a week at most."""
    while first <= last:
        end = min(first + timedelta(days=WINDOW_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def _window(connection: Connection, run: SyncRun, first: date, last: date) -> Counter[str]:
    practice = connection.practice
    departments = tuple(
        Department.objects.filter(practice=practice).values_list("external_id", flat=True)
    )
    client = client_for(connection, deadline=Deadline.after(READ_SECONDS), guard=lambda: None)
    for page in client.booked(first, last, departments):
        store_page(
            connection,
            InboundKind.APPOINTMENTS_PAGE,
            page.rows,
            began=page.began,
            ended=page.ended,
            run=run,
        )
    return inbound.process_stored([practice])


def _end(run: SyncRun, outcome: SyncOutcome, problem: str) -> None:
    run.outcome, run.problem, run.ended_at = outcome, problem[:300], database_now()
    run.save(update_fields=["outcome", "problem", "ended_at"])


def by_reason(practice: Practice, first: date, last: date) -> dict[str, int]:
    """The window's appointments by coverage code, as it stands at present."""
    codes = Appointment.objects.filter(
        practice=practice, local_start__date__gte=first, local_start__date__lte=last
    ).values_list("coverage_code", flat=True)
    return dict(sorted(Counter(codes).items()))
