"""What the commands that talk to vendors add: what a vendor's refusal looks like to an operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from campaigns.management.practice_command import PracticeCommand
from integrations.operations.run import PUT_OFF, WAITING, WHY_PUT_OFF

# Keys of a report that are no numbers, or that another sentence says.
IN_WORDS = ("problems", WAITING, WHY_PUT_OFF)


class VendorCommand(PracticeCommand):
    """A command whose report may hold `problems`: sentences about a vendor, with the fix."""

    needs_field_keys = True

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """The problems; rows that made no sense are counted under `errors`."""
        problems = report.get("problems") or []
        yield from problems
        if not problems:
            yield from super().attention(report)

    def total(self, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """As ever; but who waits for several practices waits for the longest lease."""
        return super().total(reports) | longest_wait(reports)

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """The counts; the problems come at the end, from `attention`."""
        yield counts(report)


def longest_wait(reports: Iterable[dict[str, Any]]) -> dict[str, int]:
    """The longest lease of several reports; nothing where no feed was held."""
    held = [report[WAITING] for report in reports if WAITING in report]
    return {WAITING: max(held)} if held else {}


def counts(report: dict[str, Any]) -> str:
    """One line: the numbers, and why a feed was not read."""
    line = ", ".join(f"{k} {v}" for k, v in report.items() if k not in IN_WORDS)
    if WAITING not in report:
        return line
    return (
        f"{line}; another process holds the feed, or died holding it: it is free in at most "
        f"{report[WAITING]} seconds, and nothing is lost meanwhile"
    )


def needs_a_person(work: dict[str, Any]) -> Iterable[str]:
    """What stands parked, what failed by a defect, and what waits because it failed."""
    if work["parked"]:
        yield f"{work['parked']} parked: see Effects and Inbound messages in the console"
    if work["failed"]:
        yield f"{work['failed']} failed: see the log, and tell your Kept operator"
    if work[PUT_OFF]:
        yield f"{work[PUT_OFF]} put off: {work[WHY_PUT_OFF]}"
