"""After a backup was restored: Kept finds out again what the lost database had read and done.

The rows that it took off athenahealth's feeds are gone from there. So the feeds' windows since the
backup's last good poll are read once more, and the booked visits and the patients with one ahead as
well, since nobody could say how long processed rows can be read. Relatient's events go on from the
backup's cursor. Then all three sides are compared, before anything new is sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Effect, Practice
from campaigns.ports import GatewayError
from integrations.connections import registry
from integrations.feeds.pull import cursor_of
from integrations.feeds.reread_window import (
    CLOCK_MARGIN,
    GAP_DAYS_AHEAD,
    earliest,
    mark_for_reread,
)
from integrations.inbox import process
from integrations.models import (
    FeedCursor,
    InboundMessage,
    InboundStatus,
    SyncKind,
    SyncOutcome,
    SyncRun,
)
from integrations.operations.reconcile_now import reconcile
from integrations.reconcile.progress import Round, begin
from integrations.reconcile.report import NOTHING
from integrations.reconcile.steps import Say
from integrations.vendors import chart_of

COMPARED_ANEW = "The database was restored from a backup; the comparison begins anew."


def restored(practice: Practice, say: Say) -> dict[str, Any]:
    """Read again, compare and repair; the report is that of `reconcile`.

    Run before the other processes are started. A vendor that cannot be read is a sentence under
    `problems`; running it again goes on from the same backup.
    """
    try:
        connection = registry.find_open(practice.external_id, System.CHART)
        registry.find_open(practice.external_id, System.ENGAGEMENT)
        chart = chart_of(practice)
        for which in chart.feeds:
            cursor_of(connection, which)
        round_ = _begin(practice)
        say("reading again what was read since the backup")
        for which in chart.feeds:
            chart.pull(practice, which, None)
    except GatewayError as error:
        return {**NOTHING, "problems": [error.sentence]}
    process.process_stored([practice])
    return reconcile(practice, round_.first, round_.last, say)


def _begin(practice: Practice) -> Round:
    """Mark what has to be read again, and open the comparison that follows."""
    with transaction.atomic():
        lost_since = _lost_since(practice)
        cursors = FeedCursor.objects.select_for_update(of=("self",)).filter(practice=practice)
        for cursor in cursors.select_related("practice").order_by("pk"):
            _forget_its_reader(cursor)
        stored = InboundMessage.objects.filter(practice=practice, status=InboundStatus.STORED)
        stored.update(lease_token="", lease_until=None)
        _comparisons(practice).update(
            progress={}, outcome=SyncOutcome.FAILED, problem=COMPARED_ANEW
        )
        audit_row("database.restored", practice, lost_since=lost_since.isoformat())
        today = database_now().date()
        first = min(today - timedelta(days=1), lost_since.date())
        last = today + timedelta(days=GAP_DAYS_AHEAD)
        return begin(practice, first, last, lost_since=lost_since)


def _forget_its_reader(cursor: FeedCursor) -> None:
    """End a lease that a process of the lost database held, and mark its window to be
    read again.
    """
    cursor.lease_token, cursor.lease_until = "", None
    changed = ["lease_token", "lease_until"]
    if cursor.feed in chart_of(cursor.practice).feeds:
        mark_for_reread(cursor)
        cursor.backfill_from = earliest(cursor.backfill_from, cursor.window_start)
        changed += ["window_start", "dirty", "backfill_from"]
    cursor.save(update_fields=changed)


def _lost_since(practice: Practice) -> datetime:
    """From when on the lost database may have done what this one does not know.

    The backup's last sign of life, or what an earlier attempt at this has found.
    """
    for run in _comparisons(practice).order_by("-pk"):
        if run.progress.get("lost_since"):
            return datetime.fromisoformat(run.progress["lost_since"])
    polled = FeedCursor.objects.filter(practice=practice).aggregate(last=Max("last_success_at"))
    sent = Effect.objects.filter(practice=practice).aggregate(last=Max("tries__began_at"))
    known = earliest(polled["last"], sent["last"]) or database_now()
    return known - CLOCK_MARGIN


def _comparisons(practice: Practice) -> Any:
    """The comparisons that were not finished."""
    runs = SyncRun.objects.filter(practice=practice, kind=SyncKind.RECONCILE)
    return runs.exclude(outcome=SyncOutcome.DONE)
