"""Rings for a worker after a commit. Rows are the truth; the bell only saves waiting."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

DRAIN = "campaigns.tasks.drain"
# A few bells in the queue wake every worker; more would only pile up.
ENOUGH = 4


def ring() -> None:
    """Ask a worker to look, once this transaction is committed."""
    transaction.on_commit(_ring)


def _ring() -> None:
    if waiting() < ENOUGH:
        async_task(DRAIN)


def waiting() -> int:
    """Tasks that a worker could take now.

    Those that one has taken are left out: if it was killed with them they stay for as long as
    django-q2's `retry`, and would keep the bell silent meanwhile.
    """
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()
