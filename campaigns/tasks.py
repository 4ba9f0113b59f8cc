"""What django-q2 runs for campaigns: it takes no data and returns counts.

A task means only "look now". It may be lost or run twice without harm, since rows are the truth
and a sweep that runs every minute finds whatever a lost doorbell did not announce.
"""

from __future__ import annotations

from audit.context import acting_as
from campaigns.models import Practice
from campaigns.services.sweep import sweep

# Ends before the cluster's own timeout, which would kill the worker (Q_CLUSTER["timeout"]).
SECONDS = 40


def drain() -> dict[str, int]:
    """Take what is due."""
    with acting_as(process="worker"):
        swept = sweep(list(Practice.objects.filter(active=True)), seconds=SECONDS)
    return {"looked": swept.looked, "executed": swept.executed}
