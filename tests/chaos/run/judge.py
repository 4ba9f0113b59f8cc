"""The verdict: every invariant that the vendors' books can show, with the evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.run.judge_answers import judge_answers
from tests.chaos.run.judge_repeats import judge_echoes, judge_repeats, judge_rest
from tests.chaos.run.judge_views import judge_views
from tests.chaos.run.judge_visits import at_rest, never_two_at_once
from tests.chaos.run.late import touched_late
from tests.chaos.run.town import Town
from tests.chaos.run.verdict import Violation

JUDGED = (1, 2, 3, 4, 5, 6, 9)


@dataclass
class Judgement:
    """All violations; those that a late request explains are counted apart."""

    violations: list[Violation] = field(default_factory=list)
    late_requests: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        ours = Counter(one.invariant for one in self.violations if not one.late)
        return {
            "by_invariant": {str(number): ours[number] for number in JUDGED},
            "by_late_requests": sum(one.late for one in self.violations),
            "late_requests": self.late_requests,
            "violations": [one.as_dict() for one in self.violations],
        }


def judge(
    town: Town, resting: tuple[int, int] | None = None, repaired: frozenset[int] = frozenset()
) -> Judgement:
    """Judge the run so far; the loop has to be at rest.

    Late requests excuse nothing about the invariants that are said to be `repaired`.
    """
    state, journal = town.state(), town.journal
    found = [
        *never_two_at_once(journal, state),
        *at_rest(journal, state),
        *judge_answers(town, state),
        *judge_repeats(journal, state),
        *judge_views(town, state),
        *judge_echoes(journal),
    ]
    if resting is not None:
        found += judge_rest(journal, *resting)
    touched = touched_late(state)
    for one in found:
        one.late = one.subject in touched and one.invariant not in repaired
    return Judgement(found, len(state["late"]))
