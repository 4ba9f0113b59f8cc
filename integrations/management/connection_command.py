"""What `pause` and `resume` share: one connection, by the vendor's name, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.management.practice_command import BadUsage
from campaigns.models import Practice
from integrations.connections.status import status_of
from integrations.management.vendor_command import VendorCommand
from integrations.models import Connection
from integrations.models.connection import connectable


class ConnectionCommand(VendorCommand):
    nothing: ClassVar[dict[str, Any]] = {"connections": []}

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the connection's name."""
        super().add_arguments(parser)
        names = ", ".join(name for name, _ in connectable())
        parser.add_argument("connection", metavar="CONNECTION", help=names)

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Refuse a name that is no vendor's, or a practice without that connection."""
        asked = options["connection"]
        known = [name for name, _ in connectable()]
        if asked not in known:
            raise BadUsage(f"There is no connection {asked!r}; known: {', '.join(known)}.")
        for practice in practices:
            if not Connection.objects.filter(practice=practice, vendor=asked).exists():
                raise BadUsage(f"{practice} has no connection to {asked}. Run bootstrap first.")

    def connection(self, practice: Practice, **options: Any) -> Connection:
        """The row."""
        return Connection.objects.select_related("practice").get(
            practice=practice, vendor=Vendor(options["connection"])
        )

    def report(self, connection: Connection, *problems: str) -> dict[str, Any]:
        """The connection's status."""
        connection.refresh_from_db()
        stands = status_of(connection, database_now())
        told = {
            "practice": connection.practice.external_id,
            "connection": connection.vendor,
            "state": stands.state.value,
            "words": stands.words,
        }
        return {"connections": [told], "problems": [problem for problem in problems if problem]}

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """One sentence."""
        for told in report["connections"]:
            yield f"{told['connection']} {told['words']}."
