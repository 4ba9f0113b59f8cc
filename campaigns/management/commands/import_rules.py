"""Campaign rules from a CSV file, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from campaigns.domain.values import RuleChangeStatus
from campaigns.management.csv_files import as_dicts, described, text_of
from campaigns.management.practice_command import PracticeCommand, Report
from campaigns.mapping import rule_text
from campaigns.mapping.csv_format import Changes, LineError
from campaigns.mapping.csv_rules import read_rules
from campaigns.mapping.rule_changes import WAITS, ChangeRefused, apply_rules, held_change
from campaigns.models import Practice

# Where an objection is to the import as a whole.
NO_LINE = 0


class Command(PracticeCommand):
    help = "Imports campaign rules from a CSV file: all of them, or none when one is wrong."
    nothing = {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "errors": [],
        "held": False,
        "moving": 0,
        "upcoming": 0,
    }

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
        for practice in practices:
            if held_change(practice) is not None:
                self.found[practice.pk][1].append(LineError(NO_LINE, WAITS))
        self.sound = not any(errors for _, errors in self.found.values())

    def run(self, practice: Practice, **options: Any) -> Report:
        lines, errors = self.found[practice.pk]
        changes, change = Changes(), None
        if self.sound:
            try:
                changes, change = apply_rules(practice, lines, replace=options["replace"])
            except ChangeRefused as refusal:
                # Somebody else's change came to be held since the file was read.
                errors = [*errors, LineError(NO_LINE, str(refusal))]
        report: Report = {
            **asdict(changes),
            "errors": as_dicts(errors),
            "held": change is not None and change.status == RuleChangeStatus.HELD,
            "moving": change.moving if change else 0,
            "upcoming": change.upcoming if change else 0,
        }
        if not options["replace"]:
            del report["removed"]
        return report

    def total(self, reports: Sequence[Report]) -> Report:
        return {**super().total(reports), "held": any(report["held"] for report in reports)}

    def attention(self, report: Report) -> Iterable[str]:
        yield from super().attention(report)
        if report["held"]:
            yield rule_text.held(report["moving"], report["upcoming"])

    def describe(self, report: Report) -> Iterable[str]:
        effect = {"held", "moving", "upcoming"}
        for line in described({key: report[key] for key in report if key not in effect}):
            yield line.removeprefix(f"line {NO_LINE}: ")
        if report["moving"] and not report["held"]:
            moving, upcoming = report["moving"], report["upcoming"]
            yield f"{moving} of {upcoming} enrolled visits change their campaign"
