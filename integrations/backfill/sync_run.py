"""The sync run of a backfill or its dry run: opened, gone on with after an interruption, closed.

Each of these is a row and its audit event in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations.models import SyncKind, SyncOutcome, SyncRun

ACTIONS = {SyncKind.BACKFILL: "backfill", SyncKind.DRY_RUN: "backfill_dry_run"}


@contextmanager
def going_on(
    practice: Practice,
    kind: SyncKind,
    first: date,
    last: date,
    *,
    basis: Mapping[str, Any] | None = None,
    good_for: timedelta | None = None,
) -> Iterator[SyncRun]:
    """The unfinished run for these dates, or a new one; closed however the work inside ends.

    `progress["next"]` is the first date not yet done. With another `basis`, or begun longer ago
    than `good_for`, an unfinished run is left as it is.
    """
    asked = {"from": first.isoformat(), "to": last.isoformat(), **(basis or {})}
    run = _opened(practice, kind, asked, good_for)
    try:
        yield run
    except GatewayError as error:
        _close(run, SyncOutcome.FAILED, error.sentence)
        raise
    except BaseException:
        _close(run, SyncOutcome.INTERRUPTED, "")
        raise
    _close(run, SyncOutcome.DONE, "")


def _opened(
    practice: Practice, kind: SyncKind, asked: dict[str, Any], good_for: timedelta | None
) -> SyncRun:
    now = database_now()
    with transaction.atomic():
        run = _unfinished(practice, kind, asked, now - good_for if good_for else None)
        if run is None:
            progress = {**asked, "next": asked["from"]}
            run = SyncRun.objects.create(
                practice=practice, kind=kind, started_at=now, progress=progress
            )
        else:
            run.outcome, run.ended_at, run.problem = SyncOutcome.RUNNING, None, ""
            run.save(update_fields=["outcome", "ended_at", "problem"])
        _audit(run, "started", {"from": asked["from"], "to": asked["to"]})
    return run


def _unfinished(
    practice: Practice, kind: SyncKind, asked: dict[str, Any], since: datetime | None
) -> SyncRun | None:
    run = SyncRun.objects.filter(practice=practice, kind=kind).first()
    if run is None or run.outcome == SyncOutcome.DONE or not asked.items() <= run.progress.items():
        return None
    return run if since is None or run.started_at >= since else None


def _close(run: SyncRun, outcome: SyncOutcome, problem: str) -> None:
    run.outcome, run.problem, run.ended_at = outcome, problem[:300], database_now()
    with transaction.atomic():
        run.save(update_fields=["outcome", "problem", "ended_at"])
        numbers = {name: n for name, n in run.counts.items() if isinstance(n, int)}
        _audit(run, "ended", {"outcome": outcome.value, **numbers})


def _audit(run: SyncRun, what: str, detail: dict[str, Any]) -> None:
    audit_row(f"{ACTIONS[SyncKind(run.kind)]}.{what}", run, **detail)
