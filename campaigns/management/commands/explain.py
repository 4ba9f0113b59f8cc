"""Explains one appointment: why it is as it is, and everything that was done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import CommandParser

from campaigns.appointments.explain import appointments_called, explanation_of
from campaigns.management.explained import lines_of
from campaigns.management.practice_command import BadUsage, PracticeCommand, Report
from campaigns.models import Practice


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
        yield from lines_of(self.appointment, report)
