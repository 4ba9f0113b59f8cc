"""Upcoming appointments that were booked before Kept came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from campaigns.management.practice_command import BadUsage
from campaigns.models import Practice
from campaigns.ports import GatewayError
from integrations import backfill
from integrations.management.vendor_command import VendorCommand


class Command(VendorCommand):
    help = "Take in appointments booked before Kept came; run `work` afterwards."
    nothing = {"seen": 0, "queued": 0, "by_reason": {}}

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the dates of the visits."""
        super().add_arguments(parser)
        parser.add_argument("--from", dest="first", required=True, metavar="DATE")
        parser.add_argument("--to", dest="last", required=True, metavar="DATE")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Both dates, in order."""
        if day(options["first"]) > day(options["last"]):
            raise BadUsage("--from is later than --to. Give the earlier date first.")

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Window by window; interrupted, it goes on from the last finished one."""
        first, last = day(options["first"]), day(options["last"])
        try:
            return backfill.backfill(practice, first, last, self.progress)
        except GatewayError as error:
            reasons = backfill.by_reason(practice, first, last)
            return {"seen": 0, "queued": 0, "by_reason": reasons, "problems": [error.sentence]}


def day(text: str) -> date:
    """YYYY-MM-DD as a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadUsage(f"{text!r} is no date. Write it as YYYY-MM-DD.") from None
