"""What an operator or a timer asks for: poll, collect, work, and all of them until it is quiet.

Each returns plain counts. A vendor that cannot be reached is a sentence under `problems`, never
an exception: the other feeds, and the effects that wait, go on. A feed that another process holds,
perhaps a dead one, is not read: `waiting_for_lease` says for how many seconds at most.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from campaigns import sweep
from campaigns.clock import database_now
from campaigns.decisions.failed_looks import failed_looks
from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations.connections import registry
from integrations.feeds import lease
from integrations.inbox import process
from integrations.models import (
    Feed,
    FeedCursor,
    InboundMessage,
    InboundStatus,
    SyncKind,
)
from integrations.operations import probe
from integrations.reconcile import nightly
from integrations.subscriptions import requests
from integrations.sync_runs.record import sync_run
from integrations.vendors import chart_of, engagement_of

POLL_KEYS = ("seen", "new", "changed", "unchanged", "errors")
WORK_KEYS = ("executed", "retried", "failed")
COLLECT_KEYS = ("seen", "new", "duplicate", "errors")
# How many visits wait because a look at them failed, and then why.
PUT_OFF, WHY_PUT_OFF = "put_off", "why_put_off"
# The key of a report that says how long another process may still hold a feed.
WAITING = "waiting_for_lease"
# A sync of a live practice ends although the world goes on changing.
MOST_ROUNDS = 20
_PAUSE_SECONDS = 0.25

Report = dict[str, Any]

logger = logging.getLogger(__name__)


def poll(practice: Practice, feeds: tuple[Feed, ...] | None = None) -> Report:
    """One pull of the chart's change feeds, all or some, taken in."""
    probe.probe_due(practice, at_once=True)
    return _poll(practice, chart_of(practice).feeds if feeds is None else feeds)


def _poll(
    practice: Practice,
    feeds: tuple[Feed, ...],
    stopping: Callable[[], bool] = sweep.never_stop,
) -> Report:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    held: list[Feed] = []
    chart = chart_of(practice)
    for which in feeds:
        try:
            with sync_run(practice, SyncKind.POLL) as (run, seen):
                held += [which] if chart.pull(practice, which, run) is None else []
                seen.update(process.process_stored([practice], stopping))
        except GatewayError as error:
            # Where the vendor fails both feeds, its sentence is reported once.
            problems += [error.sentence] if error.sentence not in problems else []
            counts["errors"] += 1
        else:
            counts.update(seen)
    return {key: counts[key] for key in POLL_KEYS} | _held(practice, held) | {"problems": problems}


def collect(practice: Practice) -> Report:
    """One pull of what patients answered, taken in."""
    probe.probe_due(practice, at_once=True)
    return _collect(practice)


def _collect(practice: Practice, stopping: Callable[[], bool] = sweep.never_stop) -> Report:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    held: list[Feed] = []
    try:
        with sync_run(practice, SyncKind.COLLECT) as (run, pulled):
            for which in engagement_of(practice).feeds:
                collected = engagement_of(practice).pull(practice, which, run)
                held += [which] if collected is None else []
                pulled.update(collected or Counter())
            pulled["errors"] += process.process_stored([practice], stopping)["errors"]
            counts.update(pulled)
    except GatewayError as error:
        problems.append(error.sentence)
        counts["errors"] += 1
    return (
        {key: counts[key] for key in COLLECT_KEYS} | _held(practice, held) | {"problems": problems}
    )


def _held(practice: Practice, held: list[Feed]) -> Report:
    """How long to wait for the feeds that another process held; nothing where none was."""
    if not held:
        return {}
    return {WAITING: max(1, _longest_lease(practice, held))}


def _longest_lease(practice: Practice, feeds: Iterable[Feed]) -> int:
    return max(lease.seconds_until_free(practice, which) for which in feeds)


def work(practice: Practice, seconds: float | None = None) -> Report:
    """Everything that is due; with `seconds` also what becomes due until then.

    `problems` is there when a vendor does not answer: what waits for it was left alone.
    """
    probe.probe_due(practice, at_once=True)
    until = time.monotonic() + (seconds or 0)
    total = _work_once(practice)
    total.update(_work_while(practice, until, partial(_remaining, practice)))
    problems = probe.silent(practice)
    report = {
        "executed": total["executed"],
        "retried": total["retried"],
        "failed": total["failed"],
        "parked": sweep.parked([practice]) + _parked_messages(practice),
        "remaining": _remaining(practice),
        **_put_off(practice),
    }
    return {**report, "problems": problems} if problems else report


def _work_while(practice: Practice, until: float, pending: Callable[[], int]) -> Counter[str]:
    """What becomes due, as long as something is `pending` and the time is not up."""
    total: Counter[str] = Counter()
    while time.monotonic() < until and pending():
        time.sleep(_PAUSE_SECONDS)
        probe.probe_due(practice)
        total.update(_work_once(practice))
    return total


def _work_once(practice: Practice) -> Counter[str]:
    process.process_stored([practice])
    swept = sweep.sweep([practice])
    return Counter(executed=swept.executed, retried=swept.retried, failed=swept.failed)


def _remaining(practice: Practice) -> int:
    stored = InboundMessage.objects.filter(practice=practice, status=InboundStatus.STORED)
    return sweep.remaining([practice]) + stored.count()


def _put_off(practice: Practice) -> Report:
    """Looks that failed and wait, with the sentence; just the zero where there are none."""
    failed = failed_looks([practice])
    return {PUT_OFF: failed.count} | ({WHY_PUT_OFF: failed.sentence} if failed.count else {})


def _parked_messages(practice: Practice) -> int:
    return InboundMessage.objects.filter(practice=practice, status=InboundStatus.PARKED).count()


def sync(practice: Practice, seconds: float | None = None) -> Report:
    """Poll, collect and work, again until nothing is due now.

    With `seconds` it waits, so long at most, for a feed that another process holds and for what
    becomes due. A pull that has to wait is one of those that remain.
    """
    until = time.monotonic() + (seconds or 0)
    total: dict[str, Counter[str]] = {"poll": Counter(), "collect": Counter(), "work": Counter()}
    waiting: dict[str, Report] = {}
    problems: list[str] = []
    open_effects: Report = {}
    probe.probe_due(practice, at_once=True)
    for _ in range(MOST_ROUNDS):
        pulls = {"poll": _poll(practice, chart_of(practice).feeds), "collect": _collect(practice)}
        waiting = {
            name: {WAITING: report.pop(WAITING)}
            for name, report in pulls.items()
            if WAITING in report
        }
        worked = work(practice)
        open_effects = {
            "parked": worked.pop("parked"),
            "remaining": worked.pop("remaining") + len(waiting),
            PUT_OFF: worked.pop(PUT_OFF),
        }
        why = worked.pop(WHY_PUT_OFF, "")
        open_effects |= {WHY_PUT_OFF: why} if why else {}
        for name, report in (*pulls.items(), ("work", worked)):
            problems += [p for p in report.pop("problems", []) if p not in problems]
            total[name].update(report)
        if problems:
            break
        if any(report.get("new") or report.get("changed") for report in pulls.values()):
            continue
        if worked["executed"]:
            continue
        if time.monotonic() >= until or not open_effects["remaining"]:
            break
        pending = partial(_are_held if waiting else _remaining, practice)
        total["work"].update(_work_while(practice, until, pending))
    return {
        "poll": {key: total["poll"][key] for key in POLL_KEYS} | waiting.get("poll", {}),
        "collect": {key: total["collect"][key] for key in COLLECT_KEYS}
        | waiting.get("collect", {}),
        "work": {**{key: total["work"][key] for key in WORK_KEYS}, **open_effects},
        "problems": problems,
    }


def _are_held(practice: Practice) -> bool:
    return _longest_lease(practice, (*chart_of(practice).feeds, *engagement_of(practice).feeds)) > 0


def tick(
    practice: Practice, seconds: float, stopping: Callable[[], bool] = sweep.never_stop
) -> Report:
    """What the timer does: the feeds whose time has come, what is due, then the nightly round.

    As soon as `stopping` says so, nothing more is begun.
    """
    began = time.monotonic()
    probe.probe_due(practice)
    now = database_now()
    due = set(
        FeedCursor.objects.filter(practice=practice, next_poll_at__lte=now).values_list(
            "feed", flat=True
        )
    )
    # A paused connection is left alone: its feed keeps, and is read once it is resumed. A vendor
    # that does not answer is not asked either, but its feeds count as failing.
    stopped = registry.stopped(practice.external_id)
    # However many messages come at once, effects get their share of the time.
    until = time.monotonic() + seconds / 2

    def enough() -> bool:
        return stopping() or time.monotonic() >= until

    changes = tuple(which for which in chart_of(practice).feeds if which in due)
    if changes and System.CHART not in stopped:
        _poll(practice, changes, enough)
    answers = due.intersection(engagement_of(practice).feeds)
    if answers and System.ENGAGEMENT not in stopped and not stopping():
        _collect(practice, enough)
    process.process_stored([practice], enough)
    swept = sweep.sweep([practice], seconds=seconds, stopping=stopping)
    if not stopping():
        requests.run_due(practice)
    if not stopping():
        nightly.run_if_due(practice, seconds - (time.monotonic() - began))
    waiting = failed_looks([practice])
    if waiting.count:
        told = {"practice": practice.external_id, "count": waiting.count}
        logger.error("looks_put_off", extra={**told, "why": waiting.sentence})
    return {"looked": swept.looked, "executed": swept.executed, PUT_OFF: waiting.count}
