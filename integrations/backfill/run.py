"""Appointments booked before Kept came: read in windows of a few days, one after another.

athenahealth does not accept bulk reads and tolerates an onboarding read as a temporary exception
(contract, section 2), so the windows are small, the rate is that of every other call, and the
looks they cause come after everything that a patient or the desk waits for. A run that was
interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from campaigns.domain.values import System
from campaigns.models import Appointment, Practice
from campaigns.ports import GatewayError
from integrations.backfill import sync_run
from integrations.connections import registry
from integrations.feeds.booked_appointments import read_window, windows
from integrations.inbox import process
from integrations.models import SyncKind, SyncRun
from integrations.transport.rate_limit import bulk

Progress = Callable[[str], None]


@bulk()
def backfill(practice: Practice, first: date, last: date, say: Progress) -> dict[str, Any]:
    """Read and take in all visits from first to last date, both included.

    When a read failed the report names it under `problems`; what was read until then is kept, and
    running it again with the same dates goes on from there.
    """
    problems = []
    counts: Counter[str] = Counter()
    try:
        connection = registry.find_open(practice.external_id, System.CHART)
        with sync_run.going_on(practice, SyncKind.BACKFILL, first, last) as run:
            counts.update(run.counts)
            for start, end in windows(date.fromisoformat(run.progress["next"]), last):
                say(f"{start} to {end}")
                # The connection may have been paused since the window before.
                connection = registry.find_open(practice.external_id, System.CHART)
                read_window(connection, run, start, end)
                counts.update(process.process_stored([practice]))
                _keep(run, counts, end)
    except GatewayError as error:
        problems.append(error.sentence)
    report = {
        "seen": counts["seen"],
        "queued": counts["new"] + counts["changed"],
        "errors": counts["errors"],
        "by_reason": by_reason(practice, first, last),
    }
    return {**report, "problems": problems} if problems else report


def _keep(run: SyncRun, counts: Counter[str], end: date) -> None:
    run.counts = dict(counts)
    run.progress = {**run.progress, "next": (end + timedelta(days=1)).isoformat()}
    run.save(update_fields=["counts", "progress"])


def by_reason(practice: Practice, first: date, last: date) -> dict[str, int]:
    """The window's appointments by coverage code, as it stands at present."""
    codes = Appointment.objects.filter(
        practice=practice, local_start__date__gte=first, local_start__date__lte=last
    ).values_list("coverage_code", flat=True)
    return dict(sorted(Counter(codes).items()))
