"""What became of the visits of the last weeks, by type. Counts and shares, each with its n."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from campaigns.domain.values import CONFIRMED, AppointmentStatus
from campaigns.models import Appointment, Practice
from campaigns.reports.clinic_days import NO_VISITS, between
from campaigns.reports.last_two_weeks import reminders_of

KEPT = (AppointmentStatus.CHECKED_IN, AppointmentStatus.COMPLETED)
CALLED_OFF = (AppointmentStatus.CANCELLED, AppointmentStatus.RESCHEDULED)


@dataclass(frozen=True)
class Rate:
    """So many of n; the share is None where there is nothing to share."""

    count: int
    n: int

    @property
    def percent(self) -> float | None:
        """With one decimal place."""
        return round(100 * self.count / self.n, 1) if self.n else None


@dataclass(frozen=True)
class Outcomes:
    """One type: visits that were due, and what became of them. A visit may count in several."""

    name: str
    visits: int
    enrolled: int
    confirmed: int
    cancelled: int
    kept: int
    no_show: int

    @property
    def missed(self) -> Rate:
        """Of the patients who were still expected, those who did not come."""
        return Rate(self.no_show, self.kept + self.no_show)

    @property
    def open(self) -> int:
        """athenahealth says neither came nor cancelled."""
        return self.visits - self.cancelled - self.kept - self.no_show


def visits_of(practice: Practice, weeks: int, now: datetime) -> QuerySet[Appointment]:
    """The visits that were due in the weeks before today; `reminded` says who was enrolled."""
    return (
        Appointment.objects.filter(between([practice], now, -7 * weeks, -1))
        .exclude(coverage_code__in=NO_VISITS)
        .annotate(reminded=Exists(reminders_of(OuterRef("pk"))))
        .order_by()
    )


def by_type(practice: Practice, weeks: int, now: datetime) -> list[Outcomes]:
    """The types with the most visits first. One query."""
    rows = (
        visits_of(practice, weeks, now)
        .values("type_external_id")
        .annotate(
            name=Max("type_name"),
            visits=Count("pk"),
            enrolled=Count("pk", filter=Q(reminded=True)),
            confirmed=Count("pk", filter=Q(confirmation__in=sorted(CONFIRMED))),
            cancelled=Count("pk", filter=Q(status__in=CALLED_OFF)),
            kept=Count("pk", filter=Q(status__in=KEPT)),
            no_show=Count("pk", filter=Q(status=AppointmentStatus.NO_SHOW)),
        )
    )
    found = [_outcomes(row) for row in rows]
    return sorted(found, key=lambda one: (-one.visits, one.name))


def _outcomes(row: Any) -> Outcomes:
    named = {**row}
    type_id = named.pop("type_external_id")
    return Outcomes(**{**named, "name": row["name"] or f"type {type_id}"})


def together(rows: Iterable[Outcomes]) -> Outcomes:
    """The rows of all types added up."""
    kinds = list(rows)
    names = ("visits", "enrolled", "confirmed", "cancelled", "kept", "no_show")
    return Outcomes("All types", *(sum(getattr(kind, name) for kind in kinds) for name in names))
