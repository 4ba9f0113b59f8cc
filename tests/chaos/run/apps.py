"""What is different in the product's processes during a chaos run: the pace, and what is removed.

Leases and the longest call keep their proportions (a call ends before its lease does); only the
scale is another one, since a killed reader's feed would otherwise rest for two minutes.
"""

from __future__ import annotations

import os
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

FEED_LEASE_SECONDS = 15
CALL_SECONDS = 6.0
# While webhooks flow; four times the poll of a run, as for the chart.
SLOW_POLL_MINUTES = 0.2
WITHOUT = "KEPT_CHAOS_WITHOUT"


class ChaosConfig(AppConfig):
    """Installed behind all others, so that every module it changes is loaded."""

    name = "tests.chaos.run"
    label = "chaos_run"

    def ready(self) -> None:
        """Before the process does anything."""
        quicken()
        if os.environ.get(WITHOUT):
            if find_spec("tests.chaos.without") is None:
                raise RuntimeError(f"{WITHOUT} is set, and there is no tests/chaos/without.py")
            import_module("tests.chaos.without").apply()


def quicken() -> None:
    """Shorter leases in the same proportions."""
    client, lease, claim = (
        import_module(f"integrations.{name}")
        for name in ("transport.client", "feeds.lease", "inbox.claim")
    )
    client.LONGEST_CALL_SECONDS = CALL_SECONDS
    lease.CALL_SECONDS = CALL_SECONDS
    lease.SECONDS = FEED_LEASE_SECONDS
    claim.LEASE = timedelta(seconds=FEED_LEASE_SECONDS)
    import_module("integrations.athenahealth.process").READ_SECONDS = CALL_SECONDS
    import_module(
        "integrations.feeds.poll_interval"
    ).ANSWER_MINUTES_WITH_WEBHOOKS = SLOW_POLL_MINUTES
