"""One call every 1/rate seconds per API key, shared by all processes through one row.

This is the generic cell rate algorithm with a burst of one: the row holds the moment at which the
next call may go, and whoever takes a turn moves that moment on by one interval, under the row's
lock. Nobody sleeps inside the transaction: the caller waits afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from campaigns.clock import database_now
from integrations.models import RequestBudget


class RateLimit:
    """The calls of one API key at one host."""

    def __init__(self, host: str, client_id: str, per_second: float) -> None:
        self.host = host
        self.client_id = client_id
        self.interval = timedelta(seconds=1 / per_second)

    def reserve(self, patience: float) -> float:
        """Seconds until our turn. The turn is taken unless that is longer than `patience`."""
        with transaction.atomic(durable=True):
            row = self._locked_row()
            now = database_now()
            turn = max(now, row.next_at or now, row.blocked_until or now)
            wait = (turn - now).total_seconds()
            if wait <= patience:
                row.next_at = turn + self.interval
                row.save(update_fields=["next_at"])
        return wait

    def block_until(self, moment: datetime) -> None:
        """The vendor asked for a pause; an earlier moment never shortens a longer one."""
        with transaction.atomic(durable=True):
            row = self._locked_row()
            if row.blocked_until is None or row.blocked_until < moment:
                row.blocked_until = moment
                row.save(update_fields=["blocked_until"])

    def block_for(self, seconds: float) -> None:
        """As block_until, counted from now."""
        self.block_until(database_now() + timedelta(seconds=seconds))

    def _locked_row(self) -> RequestBudget:
        rows = RequestBudget.objects.select_for_update()
        row, _ = rows.get_or_create(host=self.host, client_id=self.client_id)
        return row
