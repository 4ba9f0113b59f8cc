"""A comparison to its end, while somebody waits for it: what the command `reconcile` runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import GatewayError, LeaseLost
from integrations.connections import registry
from integrations.feeds.lease import SECONDS as LEASE_SECONDS
from integrations.feeds.lease import FeedLease, take_lease
from integrations.feeds.pull import cursor_of
from integrations.models import Feed, SyncOutcome
from integrations.operations import run
from integrations.reconcile.nightly import finish
from integrations.reconcile.progress import Round, begin
from integrations.reconcile.report import NOTHING, report
from integrations.reconcile.steps import Say, advance

ELSEWHERE = (
    "Another process is comparing this practice's records just now. Run it again in a few minutes."
)
# A process that was killed leaves a lease of this length behind.
LONGEST_WAIT_SECONDS = LEASE_SECONDS + 10


def reconcile(
    practice: Practice,
    first: date,
    last: date,
    say: Say,
    rest: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Compare, repair, and report what was found and what became of it.

    A vendor that cannot be read is a sentence under `problems`; running it again goes on. `rest`
    passes the time while another process has the comparison in hand.
    """
    try:
        connection = registry.find_open(practice.external_id, System.CHART)
        registry.find_open(practice.external_id, System.ENGAGEMENT)
    except GatewayError as error:
        return {**NOTHING, "problems": [error.sentence]}
    lease = _lease(lambda: take_lease(cursor_of(connection, Feed.RECONCILE)), say, rest)
    if lease is None:
        return {**NOTHING, "problems": [ELSEWHERE]}
    try:
        round_ = begin(practice, first, last)
        problems = _compare(round_, lease, say)
    finally:
        lease.release()
    if problems:
        return {**report(round_), "problems": problems}
    say("looking again")
    run.work(practice)
    finish(round_)
    return {**report(round_), "problems": []}


def _lease(
    take: Callable[[], FeedLease | None], say: Say, rest: Callable[[float], None]
) -> FeedLease | None:
    for waited in range(LONGEST_WAIT_SECONDS):
        lease = take()
        if lease is not None:
            return lease
        if not waited:
            say("waiting for another comparison, or for the lease of one that was killed")
        rest(1)
    return None


def _compare(round_: Round, lease: FeedLease, say: Say) -> list[str]:
    """What stood in the way, in sentences."""
    try:
        advance(round_, lease.guard, lambda: False, say)
    except GatewayError as error:
        round_.failed(error.sentence)
        return [error.sentence]
    except LeaseLost:
        return [ELSEWHERE]
    except BaseException:
        round_.end(SyncOutcome.INTERRUPTED)
        raise
    return []
