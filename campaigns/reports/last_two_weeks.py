"""The last two weeks, by the day on which the visits were due: one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from campaigns.domain.enrollment_states import REMINDING
from campaigns.domain.values import CONFIRMED, AppointmentStatus, EnrollmentStatus
from campaigns.models import Appointment, Enrollment, Practice
from campaigns.reports.clinic_days import NO_VISITS, between, today_of

DAYS = 14
# An enrollment that ended counts too: the patient was being reminded.
_REMINDED = REMINDING | {EnrollmentStatus.CANCELLING, EnrollmentStatus.CANCELLED}
WORDS = {
    "enrolled": "Enrolled in reminders",
    "confirmed": "Confirmed",
    "cancelled": "Cancelled or moved",
    "no_show": "No-show",
}


@dataclass(frozen=True)
class Series:
    """One outcome, day by day."""

    name: str
    word: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        """Over all days."""
        return sum(self.numbers)


@dataclass(frozen=True)
class Fortnight:
    """The days, oldest first, the visits of each, and what became of them."""

    days: tuple[date, ...]
    visits: Series
    outcomes: tuple[Series, ...]

    @property
    def rows(self) -> list[tuple[date, list[int]]]:
        """The same by day: the visits, then the outcomes in their order."""
        columns = [self.visits.numbers, *(series.numbers for series in self.outcomes)]
        return list(zip(self.days, map(list, zip(*columns, strict=True)), strict=True))


def fortnight(practices: Sequence[Practice], now: datetime) -> Fortnight:
    """The 14 days before today. A visit counts on its own day, also one that was called off."""
    found = {row["day"]: row for row in _by_day(practices, now)} if practices else {}
    today = max((today_of(practice, now) for practice in practices), default=now.date())
    days = tuple(today - timedelta(days=n) for n in range(DAYS, 0, -1))

    def series(name: str, word: str) -> Series:
        return Series(name, word, tuple(found.get(day, {}).get(name, 0) for day in days))

    return Fortnight(
        days, series("visits", "Visits"), tuple(series(*named) for named in WORDS.items())
    )


def reminders_of(appointment: Any) -> QuerySet[Enrollment]:
    """The enrollments that Relatient had for a visit, ended or not."""
    rows = Enrollment.objects.filter(appointment=appointment, surplus=False)
    return rows.filter(status__in=sorted(_REMINDED)).exclude(vendor_id="")


def _by_day(practices: Sequence[Practice], now: datetime) -> list[dict[str, Any]]:
    called_off = [AppointmentStatus.CANCELLED, AppointmentStatus.RESCHEDULED]
    rows = (
        Appointment.objects.filter(between(practices, now, -DAYS, -1))
        .exclude(coverage_code__in=NO_VISITS)
        .annotate(
            day=TruncDate("local_start", tzinfo=UTC), reminded=Exists(reminders_of(OuterRef("pk")))
        )
        .order_by()
        .values("day")
        .annotate(
            visits=Count("pk"),
            enrolled=Count("pk", filter=Q(reminded=True)),
            confirmed=Count("pk", filter=Q(confirmation__in=sorted(CONFIRMED))),
            cancelled=Count("pk", filter=Q(status__in=called_off)),
            no_show=Count("pk", filter=Q(status=AppointmentStatus.NO_SHOW)),
        )
    )
    return [dict(row) for row in rows]
