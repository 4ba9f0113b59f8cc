"""Today and tomorrow: what the clinic would want to know before the doors open. Two queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q

from campaigns.domain.coverage import Code
from campaigns.domain.values import (
    CONFIRMED,
    AppointmentStatus,
    ReplyKind,
    ReplyOutcome,
    WorkItemKind,
)
from campaigns.models import Appointment, Practice, Response, WorkItem
from campaigns.reports.clinic_days import between, midnight, today_of

UNREACHABLE = (Code.NO_CONTACT_CHANNEL, Code.GUARDIAN_CONTACT_MISSING)
_WORDS = ("Today", "Tomorrow")
_LIST = "/admin/campaigns/appointment/"
_ITEMS = "/admin/campaigns/workitem/?kind__exact="


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and the list that shows it; no address where none does."""

    count: int
    words: str
    address: str = ""


@dataclass(frozen=True)
class Day:
    """One clinic day."""

    word: str
    day: date
    visits: Figure
    figures: tuple[Figure, ...]


def today_and_tomorrow(practices: Sequence[Practice], now: datetime) -> list[Day]:
    """Both days of all these practices together, each in its practice's own time."""
    if not practices:
        return []
    visits, items = _visits(practices, now), _items(practices, now)
    today = today_of(practices[0], now)
    return [
        _day(word, today + timedelta(days=n), [visits, items], n) for n, word in enumerate(_WORDS)
    ]


def _visits(practices: Sequence[Practice], now: datetime) -> dict[str, int]:
    on_its_way = Response.objects.filter(
        appointment=OuterRef("pk"),
        outcome=ReplyOutcome.PENDING,
        kind__in=[ReplyKind.CONFIRMED, ReplyKind.CANCELLED],
    )
    counts = {}
    for n in range(len(_WORDS)):
        day = between(practices, now, n, n)
        ahead = Q(starts_at__isnull=True) | Q(starts_at__gt=now)
        open_ = day & ahead & Q(answered=False) & ~Q(confirmation__in=sorted(CONFIRMED))
        counts[f"visits{n}"] = Count("pk", filter=day)
        counts[f"unconfirmed{n}"] = Count(
            "pk", filter=open_ & ~Q(coverage_code=Code.SECONDARY_RESOURCE)
        )
        counts[f"unreachable{n}"] = Count("pk", filter=day & Q(coverage_code__in=UNREACHABLE))
    rows = Appointment.objects.filter(
        between(practices, now, 0, 1), status=AppointmentStatus.SCHEDULED
    )
    return rows.annotate(answered=Exists(on_its_way)).aggregate(**counts)


def _items(practices: Sequence[Practice], now: datetime) -> dict[str, int]:
    counts = {}
    for n in range(len(_WORDS)):
        day = between(practices, now, n, n, "appointment__")
        counts[f"failed{n}"] = Count("pk", filter=day & Q(kind=WorkItemKind.CHART_WRITE_FAILED))
        counts[f"slots{n}"] = Count("pk", filter=day & Q(kind=WorkItemKind.OPEN_SLOT))
    rows = WorkItem.objects.filter(
        between(practices, now, 0, 1, "appointment__"), closed_at__isnull=True
    )
    return rows.aggregate(**counts)


def _day(word: str, day: date, found: list[dict[str, int]], n: int) -> Day:
    number = {name: count for counts in found for name, count in counts.items()}
    without = {"coverage_code__in": ",".join(code.value for code in UNREACHABLE)}
    return Day(
        word=word,
        day=day,
        visits=Figure(number[f"visits{n}"], "visits", _visits_of(day)),
        figures=(
            Figure(number[f"unconfirmed{n}"], "not confirmed yet"),
            Figure(number[f"unreachable{n}"], "without a way to reach", _visits_of(day, **without)),
            Figure(
                number[f"failed{n}"],
                "answers not written to the chart",
                _ITEMS + WorkItemKind.CHART_WRITE_FAILED.value,
            ),
            Figure(number[f"slots{n}"], "open slots", _ITEMS + WorkItemKind.OPEN_SLOT.value),
        ),
    )


def _visits_of(day: date, **filters: str) -> str:
    asked = {
        "when": "all",
        "status__exact": AppointmentStatus.SCHEDULED.value,
        "local_start__gte": _written(day),
        "local_start__lt": _written(day + timedelta(days=1)),
        **filters,
    }
    return f"{_LIST}?{urlencode(asked)}"


def _written(day: date) -> str:
    return midnight(day).strftime("%Y-%m-%dT%H:%M:%SZ")
