"""Process everything due, in the foreground."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser

from campaigns.models import Practice
from integrations.management.vendor_command import VendorCommand, needs_a_person
from integrations.operations import run


class Command(VendorCommand):
    help = "Take in stored messages, look at what is due and send what is to be sent."
    nothing = dict.fromkeys((*run.WORK_KEYS, "parked", "remaining", run.PUT_OFF), 0)

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
        return run.work(practice, options["seconds"])

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """A vendor that does not answer, and what waits for a person."""
        yield from super().attention(report)
        yield from needs_a_person(report)
