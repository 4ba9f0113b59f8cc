"""What staff decide per appointment type, from a CSV file, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from campaigns.management.csv_files import as_dicts, described, text_of
from campaigns.management.practice_command import PracticeCommand, Report
from campaigns.mapping.csv_format import Changes
from campaigns.mapping.csv_types import apply_types, read_types
from campaigns.models import Practice


class Command(PracticeCommand):
    help = "Imports what staff decide per appointment type: all lines, or none when one is wrong."
    nothing = {"created": 0, "updated": 0, "unchanged": 0, "errors": []}

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.csv")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        text = text_of(options["file"])
        # Read for every practice before the first is changed: all or nothing means all of them.
        self.found = {one.pk: read_types(one, text) for one in practices}
        self.sound = not any(errors for _, errors in self.found.values())

    def run(self, practice: Practice, **options: Any) -> Report:
        lines, errors = self.found[practice.pk]
        changes = apply_types(practice, lines) if self.sound else Changes()
        return {
            # Types come from athenahealth; a file never makes one.
            "created": 0,
            "updated": changes.updated,
            "unchanged": changes.unchanged,
            "errors": as_dicts(errors),
        }

    def describe(self, report: Report) -> Iterable[str]:
        return described(report)
