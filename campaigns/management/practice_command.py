"""What the commands of an operator share: practices, one JSON object, exit status, who acts.

A command inherits from PracticeCommand, says in `run` what it does for one practice, and returns a
report: a dictionary of plain values. The rest is here, so that all commands answer alike:

0 done; 1 ran, but something needs attention (named on standard error); 2 bad usage.
"""

from __future__ import annotations

import json
import logging
import sys
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, ClassVar, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from audit.context import acting_as
from campaigns.encryption import KeyMissing, require_field_keys
from campaigns.management.totals import totals
from campaigns.models import Practice

Report = dict[str, Any]

NEEDS_ATTENTION = 1
BAD_USAGE = 2


class BadUsage(CommandError):
    """The command was not understood; nothing was done, or nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=BAD_USAGE)


class PracticeCommand(BaseCommand):
    # The keys that a report has even when no practice was there to report, with their zeros.
    nothing: ClassVar[Mapping[str, Any]] = {}
    practice_required: ClassVar[bool] = True
    # Whether it reads or stores records, and so does nothing while a field key is missing.
    needs_field_keys: ClassVar[bool] = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Commands with options of their own override this, and call it first."""
        parser.add_argument(
            "--practice", metavar="ID", default="", help="athenahealth's id; default: all active"
        )
        parser.add_argument(
            "--json", action="store_true", help="exactly one JSON object on standard output"
        )

    @abstractmethod
    def run(self, practice: Practice, **options: Any) -> Report:
        """Do the work for one practice; raise BadUsage when it was not understood."""

    def check_usage(self, practices: Sequence[Practice], **options: Any) -> None:
        """Refuse here what must be refused before the first practice is touched."""

    def total(self, reports: Sequence[Report]) -> Report:
        """The top level of the JSON: numbers are added, lists are joined."""
        return totals(self.nothing, reports)

    def attention(self, report: Report) -> Iterable[str]:
        """What a person has to see to, in words; anything here makes the exit status 1."""
        errors = report.get("errors")
        if errors:
            yield f"errors: {len(errors) if isinstance(errors, list) else errors}"

    def describe(self, report: Report) -> Iterable[str]:
        """One practice's report for people, by lines."""
        yield ", ".join(f"{key} {value}" for key, value in report.items())

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options.pop("practice")
        with (
            acting_as(process=f"command {self.name()}"),
            standard_output_kept_for_the_report(),
            self._json_alone(options["json"]),
        ):
            self._check_field_keys()
            practices = self.practices(wanted, **options)
            self.check_usage(practices, **options)
            reports = {one.external_id: self.run(one, **options) for one in practices}
        if options["json"]:
            self.answer(self.content(reports))
        else:
            self._print(practices, reports)
        self._end(reports)

    def content(self, reports: Mapping[str, Report]) -> Mapping[str, Any]:
        """What --json prints: the totals, and the same keys for each practice by its id."""
        return {**self.total(list(reports.values())), "practices": reports}

    def practices(self, wanted: str, **options: Any) -> list[Practice]:
        """The practice asked for, or all active ones."""
        if wanted:
            chosen = list(Practice.objects.filter(external_id=wanted))
        else:
            chosen = list(Practice.objects.filter(active=True).order_by("external_id"))
        if not chosen and (wanted or self.practice_required):
            raise BadUsage(_no_practice(wanted))
        return chosen

    def answer(self, content: Mapping[str, Any]) -> None:
        """The one JSON object of --json."""
        self.stdout.write(json.dumps(content, cls=DjangoJSONEncoder))

    def progress(self, text: str) -> None:
        """How far long work has come: on a terminal only, and never on standard output."""
        if self.stderr.isatty():
            cast(Any, self.stderr).write(text, style_func=str)

    @classmethod
    def name(cls) -> str:
        return cls.__module__.rsplit(".", 1)[-1]

    def _check_field_keys(self) -> None:
        if not self.needs_field_keys:
            return
        try:
            require_field_keys()
        except KeyMissing as missing:
            raise BadUsage(str(missing)) from None

    @contextmanager
    def _json_alone(self, wanted: bool) -> Iterator[None]:
        """Answer a refusal in JSON where JSON was asked for."""
        try:
            yield
        except BadUsage as refusal:
            if wanted:
                self.answer({"error": str(refusal)})
            raise

    def _print(self, practices: Sequence[Practice], reports: Mapping[str, Report]) -> None:
        for practice in practices:
            if len(practices) > 1:
                self.stdout.write(str(practice))
            for line in self.describe(reports[practice.external_id]):
                self.stdout.write(line)

    def _end(self, reports: Mapping[str, Report]) -> None:
        named = [
            f"{one}: {text}" for one, report in reports.items() for text in self.attention(report)
        ]
        if named:
            raise CommandError("; ".join(named), returncode=NEEDS_ATTENTION)


@contextmanager
def standard_output_kept_for_the_report() -> Iterator[None]:
    """Send to standard error what else would print meanwhile: log lines, mail to the console."""
    talkers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout
    ]
    for handler in talkers:
        handler.setStream(sys.stderr)
    spoken_to = sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        for handler in talkers:
            handler.setStream(spoken_to)


def _no_practice(wanted: str) -> str:
    known = ", ".join(
        Practice.objects.order_by("external_id").values_list("external_id", flat=True)
    )
    if not known:
        return "There is no practice yet: run bootstrap first."
    if not wanted:
        return f"No practice is active. Name one with --practice; known: {known}."
    return f"There is no practice {wanted!r}; known: {known}."
