"""What an operator or a timer asks for: poll, collect, work, and all of them until it is quiet.

Each returns plain counts. A vendor that cannot be reached is a sentence under `problems`, never
an exception: the other feeds, and the effects that wait, go on.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.models import Practice
from campaigns.ports import GatewayError
from campaigns.services import sweep as campaigns_sweep
from integrations import collecting, connections, inbound, polling
from integrations.models import (
    Feed,
    FeedCursor,
    InboundMessage,
    InboundStatus,
    SyncKind,
)
from integrations.reconcile import nightly
from integrations.runs import sync_run

POLL_KEYS = ("seen", "new", "changed", "unchanged", "errors")
WORK_KEYS = ("executed", "retried", "failed")
COLLECT_KEYS = ("seen", "new", "duplicate", "errors")
# A sync of a live practice ends although the world goes on changing.
MOST_ROUNDS = 20
_PAUSE_SECONDS = 0.25

Report = dict[str, Any]


def poll(practice: Practice, feeds: tuple[Feed, ...] = polling.ATHENA_FEEDS) -> Report:
    """One pull of athenahealth's change feeds, taken in."""
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for which in feeds:
        try:
            with sync_run(practice, SyncKind.POLL) as (run, seen):
                polling.pull(practice, which, run)
                seen.update(inbound.process_stored([practice]))
        except GatewayError as error:
            problems.append(error.sentence)
            counts["errors"] += 1
        else:
            counts.update(seen)
    return {key: counts[key] for key in POLL_KEYS} | {"problems": problems}


def collect(practice: Practice) -> Report:
    """One pull of Relatient's events, taken in."""
    problems: list[str] = []
    counts: Counter[str] = Counter()
    try:
        with sync_run(practice, SyncKind.COLLECT) as (run, pulled):
            pulled.update(collecting.collect(practice, run) or Counter())
            pulled["errors"] += inbound.process_stored([practice])["errors"]
            counts.update(pulled)
    except GatewayError as error:
        problems.append(error.sentence)
        counts["errors"] += 1
    return {key: counts[key] for key in COLLECT_KEYS} | {"problems": problems}


def work(practice: Practice, seconds: float | None = None) -> Report:
    """Everything that is due; with `seconds` also what becomes due until then."""
    until = time.monotonic() + (seconds or 0)
    total = Counter(_work_once(practice))
    while seconds and _remaining(practice) and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
        total.update(_work_once(practice))
    return {
        "executed": total["executed"],
        "retried": total["retried"],
        "failed": total["failed"],
        "parked": campaigns_sweep.parked([practice]) + _parked_messages(practice),
        "remaining": _remaining(practice),
    }


def _work_once(practice: Practice) -> Counter[str]:
    inbound.process_stored([practice])
    swept = campaigns_sweep.sweep([practice])
    return Counter(executed=swept.executed, retried=swept.retried, failed=swept.failed)


def _remaining(practice: Practice) -> int:
    stored = InboundMessage.objects.filter(practice=practice, status=InboundStatus.STORED)
    return campaigns_sweep.remaining([practice]) + stored.count()


def _parked_messages(practice: Practice) -> int:
    return InboundMessage.objects.filter(practice=practice, status=InboundStatus.PARKED).count()


def sync(practice: Practice) -> Report:
    """Poll, collect and work, again until nothing is due now."""
    total: dict[str, Counter[str]] = {"poll": Counter(), "collect": Counter(), "work": Counter()}
    problems: list[str] = []
    standing: Report = {}
    for _ in range(MOST_ROUNDS):
        polled, collected, worked = poll(practice), collect(practice), work(practice)
        for name, report in (("poll", polled), ("collect", collected)):
            problems += [p for p in report.pop("problems") if p not in problems]
            total[name].update(report)
        standing = {"parked": worked.pop("parked"), "remaining": worked.pop("remaining")}
        total["work"].update(worked)
        news = polled["new"] or polled["changed"] or collected["new"]
        if problems or not (news or worked["executed"]):
            break
    return {
        "poll": {key: total["poll"][key] for key in POLL_KEYS},
        "collect": {key: total["collect"][key] for key in COLLECT_KEYS},
        "work": {**{key: total["work"][key] for key in WORK_KEYS}, **standing},
        "problems": problems,
    }


def tick(practice: Practice, seconds: float) -> Report:
    """What the timer does: the feeds whose time has come, what is due, then the nightly round."""
    began, now = time.monotonic(), database_now()
    due = set(
        FeedCursor.objects.filter(practice=practice, next_poll_at__lte=now).values_list(
            "feed", flat=True
        )
    )
    # What is paused is left alone: its feed keeps, and is read when it is resumed.
    paused = connections.paused(practice.external_id)
    athena = tuple(which for which in polling.ATHENA_FEEDS if which in due)
    if athena and Vendor.ATHENAHEALTH not in paused:
        poll(practice, athena)
    if Feed.EVENTS in due and Vendor.RELATIENT not in paused:
        collect(practice)
    inbound.process_stored([practice])
    swept = campaigns_sweep.sweep([practice], seconds=seconds)
    nightly.attend(practice, seconds - (time.monotonic() - began))
    return {"looked": swept.looked, "executed": swept.executed}
