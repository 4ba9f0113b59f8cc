"""What django-q2 runs for integrations, once a minute; the sweeper does the same without it.

A tick takes no data and returns counts. It may be lost or run twice without harm: feeds are read
under a lease, messages and effects are taken under one each.
"""

from __future__ import annotations

from audit.context import acting_as
from campaigns.models import Practice
from integrations import operations

# Ends before the cluster's own timeout, which would kill the worker (Q_CLUSTER["timeout"]).
SECONDS = 30


def tick() -> dict[str, int]:
    """Poll what is due, take in what came, and do what is to be done, for every practice."""
    executed = 0
    with acting_as(process="worker"):
        for practice in Practice.objects.filter(active=True).order_by("pk"):
            executed += operations.tick(practice, SECONDS)["executed"]
    return {"executed": executed}
