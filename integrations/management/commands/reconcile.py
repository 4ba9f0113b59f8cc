"""athenahealth, Kept and Relatient compared, and repaired by looking again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandParser

from campaigns.clock import database_now
from campaigns.management.practice_command import BadUsage
from campaigns.models import Practice
from integrations.management.commands.backfill import day
from integrations.management.vendor_command import VendorCommand
from integrations.operations.reconcile_now import reconcile
from integrations.reconcile.nightly import dates_of
from integrations.reconcile.report import NOTHING


class Command(VendorCommand):
    help = "Compare athenahealth, Kept and Relatient, and repair by looking again."
    nothing = NOTHING

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the dates of the visits."""
        super().add_arguments(parser)
        parser.add_argument("--from", dest="first", metavar="DATE", help="default: yesterday")
        parser.add_argument("--to", dest="last", metavar="DATE", help="default: in 60 days")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Both dates, in order, for every practice's own today."""
        for practice in practices:
            first, last = _dates(practice, options)
            if first > last:
                raise BadUsage("--from is later than --to. Give the earlier date first.")

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """To the end; interrupted, it goes on from the last finished step."""
        return reconcile(practice, *_dates(practice, options), self.progress)

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """What stood in the way, what is not repaired, and what a person should know of."""
        yield from super().attention(report)
        unrepaired = report["drift"] - report["repaired"]
        if unrepaired:
            yield f"{unrepaired} not repaired yet: run `work`, then see Effects in the console"
        unknown = report["found"].get("unknown_visits")
        if unknown:
            yield f"Relatient reminds of {unknown} visits that athenahealth does not know"
        if report["by_hand"]:
            yield f"{report['by_hand']} made or ended at Relatient by hand: see the work list"
        if report["written_twice"]:
            yield f"{report['written_twice']} written twice in the chart: see the work list"

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """The counts, then in what way things differed."""
        names = ("checked", "drift", "repaired", "by_hand", "written_twice", "errors")
        yield ", ".join(f"{name.replace('_', ' ')} {report[name]}" for name in names)
        yield from (f"  {what.replace('_', ' ')}: {n}" for what, n in report["found"].items())


def _dates(practice: Practice, options: dict[str, Any]) -> tuple[date, date]:
    today = database_now().astimezone(ZoneInfo(practice.time_zone)).date()
    first, last = dates_of(today)
    given = options["first"], options["last"]
    return day(given[0]) if given[0] else first, day(given[1]) if given[1] else last
