"""What django-q2 runs for integrations, once a minute; the sweeper does the same without it.

A tick takes no data and returns counts. It may be lost or run twice without harm: feeds are read
under a lease, messages and effects are taken under one each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from audit.context import acting_as
from campaigns.encryption import require_field_keys
from campaigns.models import Practice
from campaigns.shutdown import shutdown_requested
from integrations.operations import run

# Ends before the cluster's own timeout, which would kill the worker (Q_CLUSTER["timeout"]).
SECONDS = 30

logger = logging.getLogger(__name__)


def heartbeat() -> None:
    """Do nothing: that a worker takes this task shows that it is alive
    (health/heartbeat_thread.py).
    """


def tick(stopping: Callable[[], bool] = shutdown_requested) -> dict[str, int]:
    """Poll what is due, take in what came, and do what is to be done, for every practice.

    As soon as `stopping` says so, nothing more is begun. Raises KeyMissing, and then nothing is
    begun at all.
    """
    require_field_keys()
    executed = 0
    with acting_as(process="worker"):
        for practice in Practice.objects.filter(active=True).order_by("pk"):
            if not stopping():
                executed += _tick(practice, stopping)
    return {"executed": executed}


def _tick(practice: Practice, stopping: Callable[[], bool]) -> int:
    """One practice; a defect or a busy database there must not stop the others."""
    try:
        executed: int = run.tick(practice, SECONDS, stopping)["executed"]
    except Exception:
        logger.exception("tick_failed", extra={"practice": practice.external_id})
        return 0
    return executed
