"""What a run is asked to do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DATABASES = ("postgresql", "sqlite")
# The clocks go forward in the spring of 2027, and back in the autumn (Eastern time).
CLOCK_CHANGES = (datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 11, 7, 6, tzinfo=UTC))
SECONDS_PER_VISIT = 0.45
LEAST_SECONDS = 20.0


@dataclass(frozen=True)
class Plan:
    """One run. `seconds` is how long life goes on; the loop may take longer to come to rest."""

    seed: int
    database: str
    visits: int
    answers: int
    kills: int
    seconds: float
    second_active_refused: bool
    without: str
    report: Path | None
    folder: Path | None

    @property
    def clock_change(self) -> datetime:
        """The change of clocks that falls into the middle of the run."""
        return CLOCK_CHANGES[self.seed % 2]


def read(arguments: Sequence[str] | None = None) -> Plan:
    """The plan of a command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--visits", type=int, default=420)
    parser.add_argument("--answers", type=int, default=105)
    parser.add_argument("--kills", type=int, default=7)
    parser.add_argument("--seconds", type=float, help="how long life goes on")
    parser.add_argument("--no-409", action="store_true", help="Relatient allows a second active")
    parser.add_argument("--without", default="", help="a safeguard to remove: tests/chaos/without")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--folder", type=Path, help="keep database and logs here")
    given = parser.parse_args(arguments)
    seconds = given.seconds or max(LEAST_SECONDS, given.visits * SECONDS_PER_VISIT)
    return Plan(
        seed=given.seed,
        database=given.database,
        visits=given.visits,
        answers=given.answers,
        kills=given.kills,
        seconds=seconds,
        second_active_refused=not given.no_409,
        without=given.without,
        report=given.report,
        folder=given.folder,
    )
