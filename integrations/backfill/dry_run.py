"""What a backfill would do, by reason and by rule; nothing is changed but the run and its trail.

Window by window the booked visits are read into memory, then each patient's are simulated
(simulate_patient.py) with what Kept has to read of the patient first. Nothing read is stored; of
the calls themselves only what every call leaves stays: the log of calls, the turns of the rate
limit, the access token.

Each call takes its turn behind whatever else waits, so an answer of a patient is held up by one
turn at most. An interrupted run goes on behind the last patient done.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from campaigns import gateways
from campaigns.decisions.practice_snapshot import campaigns_of, rules_of, settings_of
from campaigns.domain.effects import EffectWanted
from campaigns.domain.values import EffectKind, System
from campaigns.execution.handlers.call import read_with_span
from campaigns.models import Practice
from campaigns.ports import CREDENTIALS, Deadline, GatewayError, Refused, TryLater
from campaigns.vendor_records import AppointmentRecord, ReadSpan
from integrations.backfill import sync_run
from integrations.backfill.simulate_patient import Known, Outcome, simulate
from integrations.connections import registry
from integrations.drift.observe import Unknown, collected
from integrations.drift.reference_check import Lists
from integrations.feeds import booked_appointments
from integrations.models import SyncKind, SyncRun
from integrations.transport.errors import Nonsense
from integrations.transport.rate_limit import bulk
from integrations.vendors import Page, chart_of

# Counts of yesterday may not hold today: a run that is older than this begins anew.
GOOD_FOR = timedelta(hours=24)
CALL_SECONDS = 120
TRIES = 3

Progress = Callable[[str], None]
Visits = dict[str, dict[str, tuple[AppointmentRecord, ReadSpan]]]
Result = TypeVar("Result")


@bulk()
def dry_run(practice: Practice, first: date, last: date, say: Progress) -> dict[str, Any]:
    """Seen, would_enroll, by_reason and by_rule for the visits from first to last date.

    `by_reason` is the coverage code to which each visit would come. When a read failed the report
    names it under `problems`; running it again with the same dates goes on from there.
    """
    problems, tally = [], Tally()
    try:
        connection = registry.find_open(practice.external_id, System.CHART)
        with (
            # Whatever is unknown is told in the report; nothing is written down.
            collected() as unknown,
            sync_run.going_on(
                practice,
                SyncKind.DRY_RUN,
                first,
                last,
                basis={"mapping": _mapping(practice)},
                good_for=GOOD_FOR,
            ) as run,
        ):
            tally = Tally.of(run)
            dry = _DryRun(practice, run, tally, unknown, say)
            for start, end in booked_appointments.windows(
                date.fromisoformat(run.progress["next"]), last
            ):
                # The connection may have been paused since the window before.
                connection = registry.find_open(practice.external_id, System.CHART)
                dry.window(booked_appointments.read_pages(connection, start, end), start, end)
    except GatewayError as error:
        problems.append(error.sentence)
    report = tally.report()
    return {**report, "problems": problems} if problems else report


def _mapping(practice: Practice) -> str:
    """What the decisions depend on beside the visits: with other rules the counts begin anew."""
    facts = (
        settings_of(practice),
        sorted(practice.majorities.items()),
        rules_of(practice),
        sorted(campaigns_of(practice).items()),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


@dataclass
class Tally:
    """The counts so far; kept with the run's progress, so that both stand or fall together."""

    seen: int = 0
    errors: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, run: SyncRun) -> Tally:
        """The tally as an interrupted run left it."""
        counts = run.counts
        return cls(
            counts.get("seen", 0),
            counts.get("errors", 0),
            *(Counter(counts.get(name, {})) for name in ("by_reason", "by_rule", "unknown")),
        )

    def add(self, visits: int, outcome: Outcome) -> None:
        """Count one patient's visits."""
        self.seen += visits
        self.errors += outcome.errors
        self.by_reason += outcome.by_reason
        self.by_rule += outcome.by_rule

    def report(self) -> dict[str, Any]:
        """As the command answers it."""
        return {
            "seen": self.seen,
            "would_enroll": self.by_rule.total(),
            "errors": self.errors,
            "by_reason": dict(sorted(self.by_reason.items())),
            "by_rule": dict(sorted(self.by_rule.items())),
            "unknown": dict(sorted(self.unknown.items())),
        }


@dataclass
class _DryRun:
    practice: Practice
    run: SyncRun
    tally: Tally
    unknown: list[Unknown]
    say: Progress
    known: dict[str, Known] = field(default_factory=lambda: defaultdict(Known))

    def window(self, pages: Iterable[Page], start: date, end: date) -> None:
        """The visits of some dates, patient by patient."""
        visits, errors = self._visits(pages)
        done = self.run.progress.get("patient", "")
        left = sorted(patient for patient in visits if patient > done)
        for number, patient in enumerate(left, 1):
            self.say(f"{start} to {end}: patient {number} of {len(left)}")
            mine = visits[patient]
            self.tally.add(len(mine), self._outcome(patient, list(mine.values())))
            self._keep({"patient": patient})
        self.tally.seen += errors
        self.tally.errors += errors
        self._keep({"next": (end + timedelta(days=1)).isoformat(), "patient": ""})

    def _visits(self, pages: Iterable[Page]) -> tuple[Visits, int]:
        """By patient and id, as paging may bring a row twice; and how many make no sense."""
        visits: Visits = defaultdict(dict)
        lists, errors = Lists(self.practice), 0
        chart = chart_of(self.practice)
        for page in pages:
            for row in page.rows:
                try:
                    visit = chart.appointment(row)
                except Nonsense:
                    errors += 1
                    continue
                if visit is not None:
                    lists.watch(visit)
                    span = ReadSpan(page.began, page.ended)
                    visits[visit.patient_external_id][visit.external_id] = (visit, span)
        return visits, errors

    def _outcome(self, patient: str, visits: list[tuple[AppointmentRecord, ReadSpan]]) -> Outcome:
        """Simulate the patient, and answer each read that it asks for by reading once."""
        known = self.known[patient]
        while True:
            outcome = simulate(self.practice, patient, visits, known)
            if outcome.wanted is None:
                return outcome
            self._read(outcome.wanted, known)

    def _read(self, wanted: EffectWanted, known: Known) -> None:
        # Not always the id of the visit: the patient may have been merged into another.
        asked = wanted.body["patient"]
        try:
            if wanted.kind is EffectKind.READ_PATIENT:
                known.patient = self._asked(lambda ehr: ehr.read_patient(asked))
            else:
                first, last = (date.fromisoformat(wanted.body[name]) for name in ("first", "last"))
                known.history = self._asked(lambda ehr: list(ehr.read_history(asked, first, last)))
        except Refused as refused:
            if refused.code == CREDENTIALS:
                raise
            known.refused[wanted.kind] = refused.code

    def _asked(self, read: Callable[[Any], Result]) -> tuple[Result, ReadSpan]:
        """Make a read, tried again a few times: the limiter waits as long as the vendor
        asks for.
        """
        for left in reversed(range(TRIES)):
            deadline = Deadline.after(CALL_SECONDS)
            ehr = gateways.ehr(
                self.practice.external_id, deadline=deadline, guard=booked_appointments.no_guard
            )
            try:
                return read_with_span(partial(read, ehr))
            except TryLater:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _keep(self, progress: dict[str, str]) -> None:
        self.tally.unknown += Counter(f"{one.what} {one.value}" for one in self.unknown)
        self.unknown.clear()
        self.run.counts = self.tally.report()
        self.run.progress = {**self.run.progress, **progress}
        self.run.save(update_fields=["counts", "progress"])
