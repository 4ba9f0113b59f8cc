"""Campaign rules from a CSV file, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from campaigns.management.csv_files import as_dicts, described, text_of
from campaigns.management.practice_command import PracticeCommand, Report
from campaigns.models import Practice
from campaigns.services.csv_rules import read_rules
from campaigns.services.rules import Changes, apply_rules


class Command(PracticeCommand):
    help = "Imports campaign rules from a CSV file: all of them, or none when one is wrong."
    nothing = {"created": 0, "updated": 0, "unchanged": 0, "errors": []}

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument(
            "--replace", action="store_true", help="deactivate the rules that the file lacks"
        )

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        text = text_of(options["file"])
        # Read for every practice before the first is changed: all or nothing means all of them.
        self.found = {one.pk: read_rules(one, text) for one in practices}
        self.sound = not any(errors for _, errors in self.found.values())

    def run(self, practice: Practice, **options: Any) -> Report:
        lines, errors = self.found[practice.pk]
        changes = Changes()
        if self.sound:
            changes = apply_rules(practice, lines, replace=options["replace"])
        report: Report = {**asdict(changes), "errors": as_dicts(errors)}
        if not options["replace"]:
            del report["removed"]
        return report

    def describe(self, report: Report) -> Iterable[str]:
        return described(report)
