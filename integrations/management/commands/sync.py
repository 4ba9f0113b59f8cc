"""Poll, collect and work, again until nothing is due now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from campaigns.models import Practice
from integrations.management.vendor_command import VendorCommand, needs_a_person
from integrations.operations import run


class Command(VendorCommand):
    help = "Poll, collect and work, again until nothing is due now."
    nothing = {
        "poll": dict.fromkeys(run.POLL_KEYS, 0),
        "collect": dict.fromkeys(run.COLLECT_KEYS, 0),
        "work": dict.fromkeys((*run.WORK_KEYS, "parked", "remaining"), 0),
    }

    def run(self, practice: Practice, **options: Any) -> dict[str, Any]:
        """Until it is quiet."""
        return run.sync(practice)

    def attention(self, report: dict[str, Any]) -> Iterable[str]:
        """What a vendor refused, rows that made no sense, and what waits for a person."""
        for part in (report, report["poll"], report["collect"]):
            yield from super().attention(part)
        yield from needs_a_person(report["work"])

    def describe(self, report: dict[str, Any]) -> Iterable[str]:
        """One line for each of the three."""
        for name in ("poll", "collect", "work"):
            yield f"{name}: " + ", ".join(f"{key} {value}" for key, value in report[name].items())
