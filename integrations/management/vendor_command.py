"""What the commands that talk to vendors add: what a vendor's refusal looks like to an operator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from campaigns.management.practice_command import PracticeCommand


class VendorCommand(PracticeCommand):
    """A command whose report may hold `problems`: sentences about a vendor, with the fix."""

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """The problems; rows that made no sense are counted under `errors`."""
        problems = report.get("problems") or []
        yield from problems
        if not problems:
            yield from super().attention(report)

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """The counts; the problems come at the end, from `attention`."""
        yield ", ".join(f"{k} {v}" for k, v in report.items() if k != "problems")


def needs_a_person(work: dict[str, Any]) -> Iterable[str]:
    """What stands parked, and what failed by a defect."""
    if work["parked"]:
        yield f"{work['parked']} parked: see Effects and Inbound messages in the console"
    if work["failed"]:
        yield f"{work['failed']} failed: see the log, and tell your Kept operator"
