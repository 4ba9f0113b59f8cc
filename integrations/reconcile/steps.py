"""A comparison step by step; after each step its progress is stored.

First the vendors' lists are read anew (a campaign may have been switched off), and the feeds, so
that a change that is merely on its way is not taken for a lost one; then the chart's booked visits,
week by week; then the active enrollments, page by page; at the end what was written again.
"""

from __future__ import annotations

from collections.abc import Callable

from campaigns.domain.values import System
from campaigns.ports import Guard
from integrations.inbox import process
from integrations.reconcile.chart_side import compare_window
from integrations.reconcile.engagement_side import compare_page
from integrations.reconcile.progress import Phase, Round
from integrations.reconcile.repeated_writes import compare_writes
from integrations.setup import reference_data
from integrations.transport.rate_limit import bulk, prompt
from integrations.vendors import in_force

Say = Callable[[str], None]


@bulk()
def advance(round_: Round, guard: Guard, time_is_up: Callable[[], bool], say: Say) -> bool:
    """Go on until everything is compared (True) or the time is up. Raises GatewayError."""
    while round_.phase is not Phase.COMPARED:
        if time_is_up():
            return False
        guard()
        if round_.phase is Phase.LISTEN:
            say("reading the lists and the feeds first")
            _listen(round_, guard)
        elif round_.phase is Phase.CHART:
            say(f"{_name(round_, System.CHART)}: {compare_window(round_, guard, time_is_up)}")
        elif round_.phase is Phase.REMINDERS:
            say(f"{_name(round_, System.ENGAGEMENT)}: {compare_page(round_, guard)}")
        else:
            say(compare_writes(round_, guard))
    return True


def _listen(round_: Round, guard: Guard) -> None:
    practice = round_.practice
    reference_data.refresh(practice, guard)
    # Not as bulk work: a feed that may not be read now would not be read for the whole day.
    with prompt():
        for face in in_force(practice):
            for feed in face.feeds:
                face.pull(practice, feed, None)
        process.process_stored([practice])
    round_.save(phase=Phase.CHART.value)


def _name(round_: Round, system: System) -> str:
    return round_.practice.vendor_of(system).label
