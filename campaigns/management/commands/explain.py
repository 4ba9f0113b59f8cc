"""One appointment's story: why it is as it is, and everything that was done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.models import Practice
from campaigns.selectors.explanation import appointments_called, explanation_of


class Command(PracticeCommand):
    help = "Tells the story of one appointment, by athenahealth's id."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("appointment", metavar="APPOINTMENTID")

    def practices(self, wanted: str, **options: Any) -> list[Practice]:
        """The one practice whose appointment it is."""
        if wanted:
            super().practices(wanted, **options)
        external_id = options["appointment"]
        found = appointments_called(external_id)
        known = [row for row in found if wanted in ("", row.practice.external_id)]
        if not known:
            raise BadUsage(f"Kept knows no appointment {external_id!r}.")
        if len(known) > 1:
            ids = ", ".join(row.practice.external_id for row in known)
            raise BadUsage(f"Appointment {external_id} exists in {ids}: name one with --practice.")
        self.appointment = known[0]
        return [self.appointment.practice]

    def run(self, practice: Practice, **options: Any) -> Report:
        return explanation_of(self.appointment)

    def content(self, reports: Mapping[str, Report]) -> Mapping[str, Any]:
        """One appointment, so neither totals nor practices."""
        return next(iter(reports.values()))

    def describe(self, report: Report) -> Iterable[str]:
        visit, coverage = report["appointment"], report["coverage"]
        yield f"Appointment {visit['id']}, {visit['status']}, {_when(visit['starts_at'])}"
        yield f"{coverage['state']} / {coverage['code']}: {coverage['sentence']}"
        for decision in report["decisions"]:
            yield f"{_when(decision['at'])}  decided {decision['state']} / {decision['code']}"
            for finding in decision["findings"]:
                yield f"    {finding['filter']}: {finding['saw']} -> {finding['concluded']}"
        for effect in report["effects"]:
            yield f"{_when(effect['created_at'])}  {effect['kind']}: {effect['status']}" + _why(
                effect
            )
            for one in effect["attempts"]:
                outcome = one["outcome"] or "not ended"
                yield f"    try {one['number']} {_when(one['began_at'])}: {outcome}" + _why(one)
        for response in report["responses"]:
            yield (
                f"{_when(response['occurred_at'])}  answered {response['kind']}: "
                f"{response['outcome']}. {response['sentence']}"
            )


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "time unknown"


def _why(row: Mapping[str, Any]) -> str:
    words = " ".join(word for word in (row["code"], row["sentence"]) if word)
    return f" ({words})" if words else ""
