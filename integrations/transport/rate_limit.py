"""One call every 1/rate seconds per API key, shared by all processes through one row.

This is the generic cell rate algorithm with a burst of one: the row holds the moment at which the
next call may go, and whoever takes a turn moves that moment on by one interval, under the row's
lock. Nobody sleeps inside the transaction: the caller waits afterwards.

Bulk work (`bulk`: backfill, reconciliation, the vendors' lists) stands behind what a patient or the
desk waits for. It never takes a turn ahead of time and never two in a row, so a prompt call waits
for one of its calls at most; and the last tenth of a day's calls is not for it.

The day is that of GMT. How many calls are left is the lower of what the vendor's headers say
and what a ceiling of our own leaves; a header is stored with the next turn, so that a call costs
one UPDATE as before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import transaction

from campaigns.clock import database_now
from integrations.models import RequestBudget
from integrations.transport.client import NoTurn

# Whether the present work can wait for everything else.
BULK: ContextVar[bool] = ContextVar("bulk", default=False)
# The share of a day's calls that bulk work leaves for patients.
KEPT_FOR_PATIENTS = 0.1
# How far the vendor's midnight may lie behind ours.
DAWN = timedelta(minutes=5)
_FIELDS = [
    "next_at",
    "bulk_next_at",
    "blocked_until",
    "spent_on",
    "spent",
    "quota_limit",
    "quota_remaining",
    "quota_seen_at",
    "quota_spent",
]
# What a reply last said of a key's day and this process has not stored: limit, remaining, when.
_heard: dict[tuple[str, str], tuple[int, int, datetime]] = {}


@contextmanager
def bulk() -> Iterator[None]:
    """Mark the work inside as able to wait: a patient's answer goes first."""
    with _as(True):
        yield


@contextmanager
def prompt() -> Iterator[None]:
    """Mark the work inside as urgent, in the middle of bulk work."""
    with _as(False):
        yield


@contextmanager
def _as(is_bulk: bool) -> Iterator[None]:
    token = BULK.set(is_bulk)
    try:
        yield
    finally:
        BULK.reset(token)


class QuotaSpent(NoTurn):
    """The day's calls are used up, or what is left is `for_patients`; `until` is midnight GMT."""

    def __init__(self, until: datetime, wait: float, *, for_patients: bool) -> None:
        super().__init__("the calls of the day are used up", retry_after=wait)
        self.until = until
        self.for_patients = for_patients


class RateLimit:
    """The calls of one API key at one host.

    `per_day` is our own ceiling; 0 leaves it to the vendor's headers, None means that the vendor
    knows no quota of the day.
    """

    def __init__(
        self, host: str, client_id: str, per_second: float, per_day: int | None = None
    ) -> None:
        self.host = host
        self.client_id = client_id
        self.interval = timedelta(seconds=1 / per_second)
        self.per_day = per_day

    def reserve(self, patience: float) -> float:
        """Seconds until our turn. The turn is taken unless that is longer than `patience`.

        Raises QuotaSpent. Bulk work does its waiting in here: each time its turn has come it asks
        once more, so that whoever came meanwhile goes first.
        """
        if not BULK.get():
            return self._turn(patience, behind_others=False)
        waited = 0.0
        while True:
            wait = self._turn(0.0, behind_others=True)
            if wait <= 0:
                return wait
            if waited + wait > patience:
                # No turn was taken, so the answer is longer than the patience in any case.
                return waited + wait
            time.sleep(wait)
            waited += wait

    def heard(self, limit: int, remaining: int) -> None:
        """Remember what a reply said of the day's calls."""
        if remaining <= 0:
            self._nothing_left(limit)
        else:
            _heard[self.host, self.client_id] = (limit, remaining, datetime.now(UTC))

    def block_until(self, moment: datetime) -> None:
        """Let no call go before this moment, since the vendor asked for a pause; it never shortens
        a longer one.
        """
        with transaction.atomic(durable=True):
            row = self._locked_row()
            if row.blocked_until is None or row.blocked_until < moment:
                row.blocked_until = moment
                row.save(update_fields=["blocked_until"])

    def block_for(self, seconds: float) -> None:
        """As block_until, counted from now."""
        self.block_until(database_now() + timedelta(seconds=seconds))

    def _turn(self, patience: float, *, behind_others: bool) -> float:
        refusal = None
        with transaction.atomic(durable=True):
            row = self._locked_row()
            now = database_now()
            news = self._note_the_day(row, now)
            refusal = self._refusal(row, now, behind_others)
            moments = [now, row.next_at, row.blocked_until]
            if behind_others:
                moments.append(row.bulk_next_at)
            turn = max(moment for moment in moments if moment is not None)
            wait = (turn - now).total_seconds()
            if refusal is None and wait <= patience:
                row.next_at = turn + self.interval
                if behind_others:
                    row.bulk_next_at = turn + 2 * self.interval
                row.spent += 1
                news = True
            if news or refusal is not None:
                row.save(update_fields=_FIELDS)
        if refusal is not None:
            raise refusal
        return wait

    def _note_the_day(self, row: RequestBudget, now: datetime) -> bool:
        """Begin the count anew on a new day; whether there is news from a header to be stored."""
        today = now.astimezone(UTC).date()
        if row.spent_on != today:
            row.spent_on, row.spent = today, 0
            row.quota_remaining = None
        told = _heard.pop((self.host, self.client_id), None)
        if told is not None and told[2].date() == today:
            row.quota_limit, row.quota_remaining, row.quota_seen_at = told
            return True
        return False

    def _refusal(self, row: RequestBudget, now: datetime, behind_others: bool) -> QuotaSpent | None:
        """Why no call may go today, or None; it corrects the row's counts on the way."""
        if self.per_day is None:
            return None
        left = _left(row, self.per_day)
        midnight = midnight_after(now)
        wait = (midnight - now).total_seconds()
        if left is not None and left <= 0:
            row.quota_spent, row.blocked_until = True, midnight
            return QuotaSpent(midnight, wait, for_patients=False)
        if row.quota_spent:
            # A new day, or a higher ceiling.
            row.quota_spent, row.blocked_until = False, None
        most = self.per_day or row.quota_limit
        if behind_others and left is not None and most and left <= most * KEPT_FOR_PATIENTS:
            return QuotaSpent(midnight, wait, for_patients=True)
        return None

    def _nothing_left(self, limit: int) -> None:
        _heard.pop((self.host, self.client_id), None)
        with transaction.atomic(durable=True):
            row = self._locked_row()
            now = database_now()
            self._note_the_day(row, now)
            row.quota_limit, row.quota_remaining, row.quota_seen_at = limit, 0, now
            row.quota_spent, row.blocked_until = True, midnight_after(now)
            row.save(update_fields=_FIELDS)

    def _locked_row(self) -> RequestBudget:
        rows = RequestBudget.objects.select_for_update()
        row, _ = rows.get_or_create(host=self.host, client_id=self.client_id)
        return row


def _left(row: RequestBudget, per_day: int) -> int | None:
    """The calls of today that are left; None while nothing is known."""
    known = []
    if per_day:
        known.append(per_day - row.spent)
    if row.quota_remaining is not None:
        known.append(row.quota_remaining)
    return min(known, default=None)


def is_dawn(moment: datetime) -> bool:
    """Whether the day of GMT has only just begun: a reply may still speak of the day before."""
    return midnight_after(moment) - moment > timedelta(days=1) - DAWN


def midnight_after(moment: datetime) -> datetime:
    """When the day of GMT ends in which this moment lies."""
    today = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
