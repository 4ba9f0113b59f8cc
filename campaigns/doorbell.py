"""Rings for a worker after a commit. Rows are the truth; the bell only saves waiting."""

from __future__ import annotations

import logging

from django.db import Error, transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

DRAIN = "campaigns.tasks.drain"
# A few bells in the queue wake every worker; more would only pile up.
ENOUGH = 4

logger = logging.getLogger(__name__)


def ring() -> None:
    """Ask a worker to look, once this transaction is committed."""
    transaction.on_commit(_ring)


def _ring() -> None:
    try:
        if waiting() < ENOUGH:
            async_task(DRAIN)
    except Error:
        raise
    except Exception:
        # Redis is away: nothing in it is precious, and whoever rings has committed already.
        logger.warning("bell_not_rung", exc_info=True)


def waiting() -> int:
    """Tasks that a worker could take now.

    Those that one has taken are left out: if it was killed with them they stay for as long as
    django-q2's `retry`, and would keep the bell silent meanwhile.
    """
    if not Conf.ORM:
        return int(get_broker().queue_size())
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()
