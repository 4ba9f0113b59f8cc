"""The console's pages about the vendors: connections, what came in, what ran."""

from integrations.admin import (  # noqa: F401
    connections,
    inbound,
    subscriptions,
    sync_runs,
    traffic,
    unknowns,
)
