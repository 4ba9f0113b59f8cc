"""The console's pages about the vendors: connections, what came in, what ran."""

from integrations.admin import connections, inbound, syncruns, traffic, unknowns  # noqa: F401
