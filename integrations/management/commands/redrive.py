"""Try parked and refused effects again, and parked messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from campaigns.execution.redrive import KINDS, Redriven, redrive
from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.models import Practice
from integrations.inbox.redrive import MESSAGES, redrive_messages

# The word of `--kind` for effects of all kinds.
EFFECTS = "effects"


class Command(PracticeCommand):
    help = (
        "Try again what waits for a person: effects whose outcome nobody knows, which are asked "
        "about first, refused ones that are still owed, and messages that made no sense."
    )
    nothing: ClassVar[dict[str, Any]] = {
        "requeued": 0,
        "effects": 0,
        "by_kind": {},
        "left_out": 0,
        "messages": 0,
    }
    needs_field_keys = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which, and whether only to count."""
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", default="", metavar="K", help="only these: messages, effects, enroll, ..."
        )
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """A kind that is none: nothing is changed."""
        known = (MESSAGES, EFFECTS, *KINDS)
        if options["kind"] and options["kind"] not in known:
            raise BadUsage(
                f"There is no kind {options['kind']!r} to redrive; known: {', '.join(known)}."
            )

    def run(self, practice: Practice, **options: Any) -> Report:
        """Mark what is to be tried again; the workers try it."""
        kind, dry_run = options["kind"], options["dry_run"]
        done = Redriven(Counter(), 0)
        if kind != MESSAGES:
            done = redrive(practice, "" if kind == EFFECTS else kind, dry_run=dry_run)
        messages = redrive_messages(practice, dry_run=dry_run) if kind in ("", MESSAGES) else 0
        effects = done.by_kind.total()
        return {
            "requeued": effects + messages,
            "effects": effects,
            "by_kind": dict(sorted(done.by_kind.items())),
            "left_out": done.left_out,
            "messages": messages,
        }

    def describe(self, report: Report) -> Iterable[str]:
        """How many, by kind."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in report["by_kind"].items())
        yield f"requeued effects: {report['effects']}" + (f" ({kinds})" if kinds else "")
        yield f"requeued messages: {report['messages']}"
        if left := report["left_out"]:
            yield (
                f"left out {left}: somebody changed the chart meanwhile. Look at each in the "
                "console under Effects, and press Try again where it is still right."
            )
