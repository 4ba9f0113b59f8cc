"""Poll, collect and work, again until nothing is due now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from campaigns.models import Practice
from integrations.management.vendor_command import (
    VendorCommand,
    counts,
    longest_wait,
    needs_a_person,
)
from integrations.operations import run


class Command(VendorCommand):
    help = "Poll, collect and work, again until nothing is due now."
    nothing = {
        "poll": dict.fromkeys(run.POLL_KEYS, 0),
        "collect": dict.fromkeys(run.COLLECT_KEYS, 0),
        "work": dict.fromkeys((*run.WORK_KEYS, "parked", "remaining", run.PUT_OFF), 0),
    }

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to wait."""
        super().add_arguments(parser)
        parser.add_argument(
            "--seconds",
            type=float,
            default=None,
            metavar="N",
            help="also wait, N seconds at most, for a feed that another process holds and for "
            "what becomes due",
        )

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Until it is quiet."""
        return run.sync(practice, options["seconds"])

    def total(self, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """As ever; both pulls wait for their longest lease."""
        total = super().total(reports)
        for name in ("poll", "collect"):
            total[name] |= longest_wait(report[name] for report in reports)
        return total

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """What a vendor refused, rows that made no sense, and what waits for a person."""
        for part in (report, report["poll"], report["collect"]):
            yield from super().attention(part)
        yield from needs_a_person(report["work"])

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """One line for each of the three."""
        for name in ("poll", "collect", "work"):
            yield f"{name}: {counts(report[name])}"
