"""Rings for a worker after a commit. Rows are the truth; the bell only saves waiting."""

from __future__ import annotations

from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

DRAIN = "campaigns.tasks.drain"
# A few bells in the queue wake every worker; more would only pile up.
ENOUGH = 4


def ring() -> None:
    """Ask a worker to look, once this transaction is committed."""
    transaction.on_commit(_ring)


def _ring() -> None:
    if OrmQ.objects.count() < ENOUGH:
        async_task(DRAIN)
