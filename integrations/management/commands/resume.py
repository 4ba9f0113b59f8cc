"""Resume a connection: after a pause, an outage, or when credentials were mended."""

from __future__ import annotations

from typing import Any

from campaigns.models import Practice
from integrations.management.connection_command import ConnectionCommand
from integrations.operations import probe


class Command(ConnectionCommand):
    help = (
        "Go on over a connection, also after credentials were mended; asks the vendor for "
        "something small, and says so when it still refuses."
    )

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Resume, and ask the vendor at once; effects that waited go out by themselves."""
        connection = self.connection(practice, **options)
        return self.report(connection, probe.resume(connection))
