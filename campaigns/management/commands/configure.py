"""Shows or changes the settings of a practice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from campaigns.decisions.practice_snapshot import cancel_reason_in_words
from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.models import Practice
from campaigns.practices import settings


class Command(PracticeCommand):
    help = "Shows the settings of a practice, or changes some: configure KEY=VALUE ..."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        # Not "settings": that is the name of an option of Django's own.
        parser.add_argument("pairs", nargs="*", metavar="KEY=VALUE")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        # Read for every practice before the first is changed.
        try:
            self.wanted = {one.pk: settings.read(one, options["pairs"]) for one in practices}
        except settings.BadSettings as refusal:
            raise BadUsage(f"Nothing was changed: {refusal}.") from refusal

    def run(self, practice: Practice, **options: Any) -> Report:
        changed = settings.change(practice, self.wanted[practice.pk])
        return {
            "settings": settings.show(practice),
            "changed": changed,
            "cancel_reason": cancel_reason_in_words(practice),
        }

    def total(self, reports: Sequence[Report]) -> Report:
        """Of several practices, the settings in which they agree."""
        shown = [report["settings"] for report in reports]
        first = shown[0]
        agreed = {k: v for k, v in first.items() if all(other.get(k) == v for other in shown)}
        changed = sorted({name for report in reports for name in report["changed"]})
        reasons = sorted({report["cancel_reason"] for report in reports})
        return {"settings": agreed, "changed": changed, "cancel_reason": "; ".join(reasons)}

    def describe(self, report: Report) -> Iterable[str]:
        for name, value in report["settings"].items():
            shown = str(value).lower() if isinstance(value, bool) else value
            yield f"{name}={shown}" + ("  (changed)" if name in report["changed"] else "")
        yield f"Cancel reason in force: {report['cancel_reason']}."
