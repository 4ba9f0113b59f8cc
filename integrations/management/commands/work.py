"""Process everything due, in the foreground."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from campaigns.models import Practice
from integrations import operations
from integrations.management.vendor_command import VendorCommand


class Command(VendorCommand):
    help = "Take in stored messages, look at what is due and send what is to be sent."
    nothing = dict.fromkeys(("executed", "retried", "parked", "remaining"), 0)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to wait for what becomes due."""
        super().add_arguments(parser)
        parser.add_argument(
            "--seconds",
            type=float,
            default=None,
            metavar="N",
            help="also do what becomes due, for N seconds or until nothing is pending",
        )

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Until nothing is due now, or the time is up."""
        return operations.work(practice, options["seconds"])
