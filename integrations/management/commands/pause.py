"""Pause a connection: effects wait, and nothing is lost."""

from __future__ import annotations

from typing import Any

from campaigns.models import Practice
from integrations.connections import registry
from integrations.management.connection_command import ConnectionCommand


class Command(ConnectionCommand):
    help = "Send nothing more over a connection until `resume`. Everything waits."
    # Whatever else is wrong, it must be possible to stop.
    needs_field_keys = False

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Pause the connection; one that is paused stays so, in the name of whoever paused it."""
        connection = self.connection(practice, **options)
        registry.pause(connection, reason="Paused by command.")
        return self.report(connection)
