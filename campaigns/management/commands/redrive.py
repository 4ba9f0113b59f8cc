"""Try parked and refused effects again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from campaigns.execution.redrive import KINDS, redrive
from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.models import Practice


class Command(PracticeCommand):
    help = (
        "Try again what waits for a person: effects whose outcome nobody knows, which are asked "
        "about first, and refused ones that are still owed."
    )
    nothing: ClassVar[dict[str, Any]] = {"requeued": 0, "by_kind": {}, "left_out": 0}
    needs_field_keys = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which, and whether only to count."""
        super().add_arguments(parser)
        parser.add_argument("--kind", default="", metavar="K", help="only these: enroll, ...")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """A kind that is none: nothing is changed."""
        if options["kind"] and options["kind"] not in KINDS:
            raise BadUsage(
                f"There is no kind {options['kind']!r} to redrive; known: {', '.join(KINDS)}."
            )

    def run(self, practice: Practice, **options: Any) -> Report:
        """Mark the effects to be tried again; the workers try them."""
        done = redrive(practice, options["kind"], dry_run=options["dry_run"])
        return {
            "requeued": done.by_kind.total(),
            "by_kind": dict(sorted(done.by_kind.items())),
            "left_out": done.left_out,
        }

    def describe(self, report: Report) -> Iterable[str]:
        """How many, by kind."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in report["by_kind"].items())
        yield f"requeued {report['requeued']}" + (f" ({kinds})" if kinds else "")
        if left := report["left_out"]:
            yield (
                f"left out {left}: somebody changed the chart meanwhile. Look at each in the "
                "console under Effects, and press Try again where it is still right."
            )
