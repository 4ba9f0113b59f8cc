"""How the vendors have answered lately: from the log of calls, which names nobody."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.models import Practice
from integrations.models import HttpExchange
from integrations.models.connection import connectable

LATELY = timedelta(minutes=5)
# Shown as they are: a refused key and a throttled one need different people.
_BY_ITSELF = frozenset({401, 403, 404, 409, 429})


@dataclass
class Traffic:
    """One vendor's calls of the last five minutes.

    `answers` counts them by class (2xx, 429, no_answer, not_sent, ...); `seconds` is how long
    those that were sent took, shortest first.
    """

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The nearest rank: so many of the calls took no longer; NaN without any."""
        if not self.seconds:
            return math.nan
        return self.seconds[max(0, math.ceil(share * len(self.seconds)) - 1)]


def lately(practices: Sequence[Practice], now: datetime) -> dict[str, Traffic]:
    """The traffic with each vendor, of these practices together: one query.

    At most a few thousand rows: the vendors let us make some fifteen calls a second.
    """
    found = {vendor: Traffic() for vendor, _ in connectable()}
    rows = (
        HttpExchange.objects.filter(practice__in=practices, at__gte=now - LATELY)
        .order_by("duration_ms")
        .values_list("vendor", "outcome", "status", "duration_ms")
    )
    for vendor, outcome, status, milliseconds in rows:
        traffic = found.setdefault(vendor, Traffic())
        traffic.answers[_class_of(outcome, status)] += 1
        if outcome != "not_sent":
            traffic.seconds.append(milliseconds / 1000)
    return found


def _class_of(outcome: str, status: int | None) -> str:
    if status is None:
        return outcome
    return str(status) if status in _BY_ITSELF else f"{status // 100}xx"
