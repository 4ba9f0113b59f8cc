"""What a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from campaigns import gateways
from campaigns.clock import database_now
from campaigns.models import Effect, Practice
from campaigns.ports import Deadline, EhrGateway, EngagementGateway, Guard
from campaigns.vendor_records import ReadSpan

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """The time there is, and the guard that runs before every single HTTP call."""

    deadline: Deadline
    guard: Guard

    def ehr(self, practice: Practice) -> EhrGateway:
        """athenahealth, bound to this call."""
        return gateways.ehr(practice.external_id, deadline=self.deadline, guard=self.guard)

    def engagement(self, practice: Practice) -> EngagementGateway:
        """Relatient, bound to this call."""
        return gateways.engagement(practice.external_id, deadline=self.deadline, guard=self.guard)


class ChartChanged(Exception):
    """The chart is not what a decision believed: nothing is written, and it is decided anew.

    Raised before a chart write; `observe` stores what was read instead.
    """

    def __init__(self, observe: Callable[[], object]) -> None:
        super().__init__("the chart has changed since the decision")
        self.observe = observe


def _nothing(effect: Effect, now: datetime) -> None:
    return None


@dataclass(frozen=True)
class Completed:
    """The effect was done. `apply` writes down what was learned, in the transaction that settles
    it.
    """

    sentence: str = ""
    apply: Callable[[Effect, datetime], object] = _nothing


def read_with_span(read: Callable[[], T]) -> tuple[T, ReadSpan]:
    """A read's result, and when the read began and ended by the database's clock."""
    began = database_now()
    result = read()
    return result, ReadSpan(began, database_now())
