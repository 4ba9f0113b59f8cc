"""What the commands that import and export CSV files share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.mapping.csv_format import LineError
from campaigns.models import Practice


def text_of(name: str) -> str:
    """A file's text; bad usage when it cannot be read."""
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadUsage(f"{name} cannot be read: {why}.") from error


def as_dicts(errors: Sequence[LineError]) -> list[dict[str, Any]]:
    """Errors as the JSON report holds them."""
    return [asdict(error) for error in errors]


def described(report: Report) -> list[str]:
    """An import's report for people: the errors by line, then the counts."""
    lines = [f"line {error['line']}: {error['message']}" for error in report["errors"]]
    counts = ", ".join(f"{value} {key}" for key, value in report.items() if key != "errors")
    return [*lines, "Nothing was changed." if lines else counts]


class ExportCommand(PracticeCommand):
    """Writes one practice's rows to a file, or to standard output."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", default="", help="default: standard output")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        # The file has no column for the practice, so it holds one practice's rows.
        if len(practices) > 1:
            known = ", ".join(one.external_id for one in practices)
            raise BadUsage(f"Name one practice with --practice; known: {known}.")

    @abstractmethod
    def text(self, practice: Practice) -> str:
        """The rows as CSV."""

    def run(self, practice: Practice, **options: Any) -> Report:
        text = self.text(practice)
        report: Report = {"exported": text.count("\n") - 1}
        if not options["file"]:
            return {**report, "csv": text}
        try:
            Path(options["file"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadUsage(f"{options['file']} cannot be written: {error.strerror}.") from error
        return report

    def describe(self, report: Report) -> list[str]:
        if "csv" in report:
            return [report["csv"].removesuffix("\n")]
        return [f"{report['exported']} exported"]
