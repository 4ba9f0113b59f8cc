"""What an operator or a timer asks for: poll, collect, work, and all of them until it is quiet.

Each returns plain counts. A vendor that cannot be reached is a sentence under `problems`, never
an exception: the other feeds, and the effects that wait, go on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from campaigns import sweep
from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations.connections import registry
from integrations.feeds import collect_answers, poll_chart
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

POLL_KEYS = ("seen", "new", "changed", "unchanged", "errors")
WORK_KEYS = ("executed", "retried", "failed")
COLLECT_KEYS = ("seen", "new", "duplicate", "errors")
# A sync of a live practice ends although the world goes on changing.
MOST_ROUNDS = 20
_PAUSE_SECONDS = 0.25

Report = dict[str, Any]


def poll(practice: Practice, feeds: tuple[Feed, ...] = poll_chart.ATHENA_FEEDS) -> Report:
    """One pull of athenahealth's change feeds, taken in."""
    probe.probe_due(practice, at_once=True)
    return _poll(practice, feeds)


def _poll(
    practice: Practice,
    feeds: tuple[Feed, ...],
    stopping: Callable[[], bool] = sweep.never_stop,
) -> Report:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for which in feeds:
        try:
            with sync_run(practice, SyncKind.POLL) as (run, seen):
                poll_chart.pull(practice, which, run)
                seen.update(process.process_stored([practice], stopping))
        except GatewayError as error:
            # Where the vendor fails both feeds, its sentence is reported once.
            problems += [error.sentence] if error.sentence not in problems else []
            counts["errors"] += 1
        else:
            counts.update(seen)
    return {key: counts[key] for key in POLL_KEYS} | {"problems": problems}


def collect(practice: Practice) -> Report:
    """One pull of Relatient's events, taken in."""
    probe.probe_due(practice, at_once=True)
    return _collect(practice)


def _collect(practice: Practice, stopping: Callable[[], bool] = sweep.never_stop) -> Report:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    try:
        with sync_run(practice, SyncKind.COLLECT) as (run, pulled):
            pulled.update(collect_answers.collect(practice, run) or Counter())
            pulled["errors"] += process.process_stored([practice], stopping)["errors"]
            counts.update(pulled)
    except GatewayError as error:
        problems.append(error.sentence)
        counts["errors"] += 1
    return {key: counts[key] for key in COLLECT_KEYS} | {"problems": problems}


def work(practice: Practice, seconds: float | None = None) -> Report:
    """Everything that is due; with `seconds` also what becomes due until then.

    `problems` is there when a vendor does not answer: what waits for it was left alone.
    """
    probe.probe_due(practice, at_once=True)
    until = time.monotonic() + (seconds or 0)
    total = Counter(_work_once(practice))
    while seconds and _remaining(practice) and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
        probe.probe_due(practice)
        total.update(_work_once(practice))
    problems = probe.silent(practice)
    report = {
        "executed": total["executed"],
        "retried": total["retried"],
        "failed": total["failed"],
        "parked": sweep.parked([practice]) + _parked_messages(practice),
        "remaining": _remaining(practice),
    }
    return {**report, "problems": problems} if problems else report


def _work_once(practice: Practice) -> Counter[str]:
    process.process_stored([practice])
    swept = sweep.sweep([practice])
    return Counter(executed=swept.executed, retried=swept.retried, failed=swept.failed)


def _remaining(practice: Practice) -> int:
    stored = InboundMessage.objects.filter(practice=practice, status=InboundStatus.STORED)
    return sweep.remaining([practice]) + stored.count()


def _parked_messages(practice: Practice) -> int:
    return InboundMessage.objects.filter(practice=practice, status=InboundStatus.PARKED).count()


def sync(practice: Practice) -> Report:
    """Poll, collect and work, again until nothing is due now."""
    total: dict[str, Counter[str]] = {"poll": Counter(), "collect": Counter(), "work": Counter()}
    problems: list[str] = []
    open_effects: Report = {}
    probe.probe_due(practice, at_once=True)
    for _ in range(MOST_ROUNDS):
        polled, collected = _poll(practice, poll_chart.ATHENA_FEEDS), _collect(practice)
        worked = work(practice)
        for name, report in (("poll", polled), ("collect", collected)):
            problems += [p for p in report.pop("problems") if p not in problems]
            total[name].update(report)
        problems += [p for p in worked.pop("problems", []) if p not in problems]
        open_effects = {"parked": worked.pop("parked"), "remaining": worked.pop("remaining")}
        total["work"].update(worked)
        news = polled["new"] or polled["changed"] or collected["new"]
        if problems or not (news or worked["executed"]):
            break
    return {
        "poll": {key: total["poll"][key] for key in POLL_KEYS},
        "collect": {key: total["collect"][key] for key in COLLECT_KEYS},
        "work": {**{key: total["work"][key] for key in WORK_KEYS}, **open_effects},
        "problems": problems,
    }


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

    athena = tuple(which for which in poll_chart.ATHENA_FEEDS if which in due)
    if athena and Vendor.ATHENAHEALTH not in stopped:
        _poll(practice, athena, enough)
    if Feed.EVENTS in due and Vendor.RELATIENT not in stopped and not stopping():
        _collect(practice, enough)
    process.process_stored([practice], enough)
    swept = sweep.sweep([practice], seconds=seconds, stopping=stopping)
    if not stopping():
        requests.run_due(practice)
    if not stopping():
        nightly.run_if_due(practice, seconds - (time.monotonic() - began))
    return {"looked": swept.looked, "executed": swept.executed}
