"""Once per practice and night, from 02:00 of its zone, in the time that a tick has left.

The row of the feed `reconcile` says when it is due, and its lease that one process does it. A
vendor that is down is tried again after `retry_minutes`; while its feeds fail as well, they have
told the administrators already.
"""

from __future__ import annotations

import logging
import time as monotonic
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.clock import database_now
from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import GatewayError, LeaseLost
from integrations.connections import registry
from integrations.feeds import failures
from integrations.feeds.lease import FeedLease, take_lease
from integrations.feeds.pull import cursor_of
from integrations.models import Feed, FeedCursor, SyncOutcome
from integrations.reconcile.progress import Round, begin
from integrations.reconcile.report import is_settled, report
from integrations.reconcile.steps import advance

AT = time(2)
DAYS_BEHIND, DAYS_AHEAD = 1, 60
# How long the looks that follow may take before the night's counts are closed.
REPAIRS_TAKE = timedelta(hours=1)
AFTER_A_DEFECT = timedelta(minutes=10)
DEFECT = "Kept could not finish the comparison. Tell your Kept operator."

logger = logging.getLogger(__name__)


def run_if_due(practice: Practice, seconds: float) -> None:
    """Begin or go on with tonight's comparison, if it is due, for so many seconds."""
    if seconds <= 0 or registry.paused(practice.external_id):
        return
    cursor = cursor_of(registry.find(practice.external_id, System.CHART), Feed.RECONCILE)
    now = database_now()
    if cursor.next_poll_at is None:
        _plan(cursor, next_night(practice, now))
    if cursor.next_poll_at is None or cursor.next_poll_at > now:
        return
    lease = take_lease(cursor)
    if lease is None:
        return
    try:
        _go_on(practice, cursor, lease, monotonic.monotonic() + seconds)
    except LeaseLost:
        return
    except Exception:
        # A defect here must not be met again at every tick.
        logger.exception("reconcile_failed", extra={"practice": practice.external_id})
        _plan(cursor, database_now() + AFTER_A_DEFECT)
    finally:
        lease.release()


def _go_on(practice: Practice, cursor: FeedCursor, lease: FeedLease, until: float) -> None:
    night = _night(practice, database_now())
    first, last = dates_of(night)
    round_ = begin(practice, first, last, night.isoformat())
    try:
        compared = advance(
            round_, lease.guard, lambda: monotonic.monotonic() >= until, lambda text: None
        )
    except GatewayError as error:
        round_.failed(error.sentence)
        _put_off(cursor, error)
        return
    except LeaseLost:
        raise
    except Exception:
        round_.failed(DEFECT)
        raise
    if compared and _is_over(round_):
        finish(round_)
        failures.recovered(cursor)
        cursor.last_success_at = database_now()
        cursor.save(update_fields=["last_success_at"])
        _plan(cursor, next_night(practice, database_now()))


def finish(round_: Round) -> None:
    """Close a comparison with its counts."""
    found = report(round_)
    round_.run.counts = {**found.pop("found"), **found}
    round_.end(SyncOutcome.DONE)


def _is_over(round_: Round) -> bool:
    """Whether everything is repaired, or takes so long that a person should know."""
    compared_at = round_.compared_at
    assert compared_at is not None
    return is_settled(round_) or database_now() > compared_at + REPAIRS_TAKE


def _put_off(cursor: FeedCursor, error: GatewayError) -> None:
    """Try again later. One mail for an outage is enough: the feeds of that vendor send it."""
    others = FeedCursor.objects.filter(practice=cursor.practice, failing_since__isnull=False)
    if others.exclude(pk=cursor.pk).exists():
        _plan(cursor, database_now() + timedelta(minutes=cursor.practice.retry_minutes))
    else:
        failures.failed(cursor, error)


def _plan(cursor: FeedCursor, moment: datetime) -> None:
    cursor.next_poll_at = moment
    cursor.save(update_fields=["next_poll_at"])


def dates_of(today: date) -> tuple[date, date]:
    """The dates that are compared: from yesterday to 60 days ahead."""
    return today - timedelta(days=DAYS_BEHIND), today + timedelta(days=DAYS_AHEAD)


def _night(practice: Practice, now: datetime) -> date:
    """The date of the night that this comparison belongs to; one that goes on belongs to it until
    the next begins.
    """
    local = now.astimezone(ZoneInfo(practice.time_zone))
    return local.date() if local.time() >= AT else local.date() - timedelta(days=1)


def next_night(practice: Practice, now: datetime) -> datetime:
    """When the next night's comparison begins."""
    following = _night(practice, now) + timedelta(days=1)
    return datetime.combine(following, AT, ZoneInfo(practice.time_zone))
