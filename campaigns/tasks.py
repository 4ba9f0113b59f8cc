"""What django-q2 runs for campaigns: it takes no data and returns counts.

A task means only "look now". It may be lost or run twice without harm, since rows are the truth
and a sweep that runs every minute finds whatever a lost doorbell did not announce.
"""

from __future__ import annotations

import time

from audit.context import acting_as
from campaigns import gateways
from campaigns.encryption import require_field_keys
from campaigns.models import Practice
from campaigns.shutdown import shutdown_requested
from campaigns.sweep import sweep

# Ends before the cluster's own timeout, which would kill the worker (Q_CLUSTER["timeout"]).
SECONDS = 40
# However many messages come at once, effects get their share of the time.
INTAKE_SECONDS = 15


def drain() -> dict[str, int]:
    """Take in what was sent, and take what is due; raises KeyMissing, and then nothing is begun."""
    require_field_keys()
    with acting_as(process="worker"):
        practices = list(Practice.objects.filter(active=True))
        until = time.monotonic() + INTAKE_SECONDS
        gateways.take_in(practices, lambda: shutdown_requested() or time.monotonic() >= until)
        swept = sweep(practices, seconds=SECONDS - INTAKE_SECONDS, stopping=shutdown_requested)
    return {"looked": swept.looked, "executed": swept.executed}
