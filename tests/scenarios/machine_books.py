"""What the machine remembers of an example: how each visit went, and what was said about it when.

With it an answer's outcome can be judged: stale only if the start was another one, a conflict
only if the visit was closed, superseded only by a later answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.models import Response
from tests.scenarios.machine_oracle import start_of

Row = dict[str, Any]
EXCLUSIVE = {"confirmed", "cancelled", "reschedule_requested"}


@dataclass(frozen=True)
class Moment:
    """How a visit stood from one step of the example on."""

    step: int
    start: datetime
    status: str


@dataclass(frozen=True)
class Said:
    """An answer, by the step in which it was given and the start that it is about."""

    visit: str
    kind: str
    step: int
    about: datetime
    at: datetime


@dataclass
class Books:
    """One example's memory."""

    step: int = 0
    visits: dict[str, list[Moment]] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    instructions: dict[str, list[Row]] = field(default_factory=dict)
    # Visits whose confirmation the desk changed by its own hand.
    desk_confirmations: set[str] = field(default_factory=set)
    died: bool = False
    # How many numbers and addresses were given out.
    numbers: int = 0

    def observe(self, rows: list[Row]) -> None:
        """Write down what the chart says at the end of a step."""
        for row in rows:
            if not row.get("patientid"):
                continue
            moments = self.visits.setdefault(row["appointmentid"], [])
            start, status = start_of(row), row["appointmentstatus"]
            if not moments or (moments[-1].start, moments[-1].status) != (start, status):
                moments.append(Moment(self.step, start, status))
        self.step += 1

    def starts(self, visit: str) -> list[datetime]:
        """The starts a visit has had, oldest first."""
        return list(dict.fromkeys(moment.start for moment in self.visits[visit]))

    def instructed(self) -> Row:
        """The instruction in force of each visit."""
        return {visit: rows[-1] for visit, rows in self.instructions.items() if rows}

    def every_outcome_is_justified(self, now: datetime) -> None:
        """Invariant 4, the reasons: nothing was given up that could have reached the chart."""
        known = {r.event_id: r for r in Response.objects.select_related("appointment")}
        assert set(self.said) <= set(known), set(self.said) - set(known)
        for event, said in self.said.items():
            outcome = known[event].outcome
            problem = self._unjustified(said, outcome, now)
            assert not problem, f"{outcome}: {problem}\n{said}\n{self.visits[said.visit]}"

    def _unjustified(self, said: Said, outcome: str, now: datetime) -> str:
        moments = self._since(said)
        if outcome == "stale":
            moved = any(moment.start != said.about for moment in moments)
            return "" if moved else "the start never changed"
        if outcome == "conflict":
            closed = any(moment.status != "f" or moment.start <= now for moment in moments)
            return "" if closed else "the visit was never closed"
        if outcome == "superseded":
            return "" if self._later(said) else "no later answer"
        if outcome == "for_staff":
            odd = said.kind == "unrecognized" or self.died
            return "" if odd else "the machine could have acted"
        return "" if said.kind != "unrecognized" else "nobody read it"

    def _since(self, said: Said) -> list[Moment]:
        """How the visit stood when the answer was given, and after that."""
        moments = self.visits[said.visit]
        before = [moment for moment in moments if moment.step <= said.step]
        return before[-1:] + [moment for moment in moments if moment.step > said.step]

    def _later(self, said: Said) -> bool:
        second = timedelta(seconds=1)
        return any(
            other is not said
            and other.visit == said.visit
            and other.kind in EXCLUSIVE
            and other.at + second > said.at
            for other in self.said.values()
        )
