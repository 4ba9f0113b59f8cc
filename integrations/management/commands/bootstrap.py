"""The first practice, from the environment."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.context import acting_as
from campaigns.management.practice_command import (
    NEEDS_ATTENTION,
    BadUsage,
    standard_output_kept_for_the_report,
)
from integrations.setup.bootstrap import BadSeed, bootstrap


class Command(BaseCommand):
    help = "Make the practice of the environment: connections, roles, reference data, feeds."

    def add_arguments(self, parser: CommandParser) -> None:
        """The practice is the environment's; naming another one is a mistake worth saying."""
        parser.add_argument("--practice", metavar="ID", default="", help="must be the .env's")
        parser.add_argument("--json", action="store_true", help="exactly one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Idempotent: run it again after mending whatever it names."""
        seeded = settings.KEPT_SEED["ATHENA_PRACTICE_ID"]
        if options["practice"] not in ("", seeded):
            raise BadUsage(
                f"bootstrap makes the practice of the environment ({seeded or 'none'}). "
                "Further practices are added in the console."
            )
        try:
            with acting_as(process="command bootstrap"), standard_output_kept_for_the_report():
                report = bootstrap()
        except BadSeed as refusal:
            raise BadUsage(str(refusal)) from None
        if options["json"]:
            of_one = {report["practice"]["id"]: report}
            self.stdout.write(json.dumps({**report, "practices": of_one}))
        else:
            self._print(report)
        problems = [c["problem"] for c in report["connections"].values() if not c["ok"]]
        if problems:
            raise CommandError("; ".join(problems), returncode=NEEDS_ATTENTION)

    def _print(self, report: dict[str, Any]) -> None:
        practice = report["practice"]
        self.stdout.write(f"Practice {practice['id']}: {practice['name']}")
        for vendor, connection in report["connections"].items():
            facts = {k: v for k, v in connection.items() if k != "ok"}
            lines = "; ".join(f"{key.replace('_', ' ')}: {text}" for key, text in facts.items())
            self.stdout.write(f"{vendor}: {lines}")
        counts = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in report["reference"].items())
        self.stdout.write(f"loaded: {counts or 'nothing'}")
