"""Upcoming appointments that were booked before Kept came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from campaigns.domain.coverage import Code, sentence_of
from campaigns.management.practice_command import BadUsage
from campaigns.management.totals import totals
from campaigns.models import Practice
from integrations.backfill import dry_run, run
from integrations.management.vendor_command import VendorCommand

NOTHING = {"seen": 0, "queued": 0, "by_reason": {}}
NOTHING_DRY = {"seen": 0, "would_enroll": 0, "by_reason": {}, "by_rule": {}}


class Command(VendorCommand):
    help = (
        "Take in appointments booked before Kept came; run `work` afterwards. "
        "With --dry-run only say what that would do."
    )
    dry = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the dates of the visits."""
        super().add_arguments(parser)
        parser.add_argument("--from", dest="first", required=True, metavar="DATE")
        parser.add_argument("--to", dest="last", required=True, metavar="DATE")
        parser.add_argument(
            "--dry-run", action="store_true", help="change nothing; say what would be done and why"
        )

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Both dates, in order."""
        if day(options["first"]) > day(options["last"]):
            raise BadUsage("--from is later than --to. Give the earlier date first.")
        self.dry = options["dry_run"]

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Window by window; interrupted, it goes on from where it stopped."""
        first, last = day(options["first"]), day(options["last"])
        work = dry_run.dry_run if options["dry_run"] else run.backfill
        return work(practice, first, last, self.progress)

    def total(self, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A dry run queues nothing, so it answers with other keys."""
        return totals(NOTHING_DRY if self.dry else NOTHING, reports)

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """The numbers, then each reason with its sentence and each rule with its campaign."""
        tables = ("by_reason", "by_rule", "unknown")
        numbers = {k: v for k, v in report.items() if k not in tables}
        yield from super().describe(numbers)
        for code, visits in report["by_reason"].items():
            yield f"{visits:>7}  {code}: {sentence_of(Code(code))}"
        for heading, table in (("By rule:", "by_rule"), ("Not known to Kept:", "unknown")):
            if report.get(table):
                yield heading
                yield from (f"{number:>7}  {key}" for key, number in report[table].items())


def day(text: str) -> date:
    """YYYY-MM-DD as a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadUsage(f"{text!r} is no date. Write it as YYYY-MM-DD.") from None
