"""The visits ahead in groups that are alike to the rules: one query, however many visits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from campaigns.domain.coverage import Code, State
from campaigns.domain.rule_match import VisitKind
from campaigns.domain.values import AppointmentStatus, Modality, Risk
from campaigns.local_time import zone_of
from campaigns.models import Appointment, Practice

# Nobody wants reminders for these, whatever the rules say; TYPE_EXCLUDED is the rules' own choice.
APART = frozenset(
    {
        Code.OPTED_OUT,
        Code.TOO_LATE,
        Code.PATIENT_INACTIVE,
        Code.SECONDARY_RESOURCE,
        Code.STOPPED_BY_STAFF,
    }
)
NOT_MEANT = APART | {Code.TYPE_EXCLUDED}
# No place on earth is further ahead of, or behind, the clock that its local times are kept by.
_WIDEST_OFFSET = timedelta(hours=14)


@dataclass(frozen=True)
class Window:
    """From now on, to the end of a day in the practice's own zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Group:
    """So many visits of one kind and one coverage code; an empty modality means not
    looked at yet.
    """

    type_id: str
    type_name: str
    modality: str
    risk: str
    language: str
    state: State
    code: Code
    visits: int

    def visit_kind(self, default_language: str) -> VisitKind | None:
        """What the rules are asked with; None while no look has said."""
        if not self.modality:
            return None
        return VisitKind(
            self.type_id,
            Modality(self.modality),
            Risk(self.risk),
            self.language,
            default_language,
        )


def weeks_ahead(practice: Practice, weeks: int, now: datetime) -> Window:
    """A window of today and so many weeks of days after it."""
    local = now.astimezone(zone_of(practice.time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(now, midnight + timedelta(days=7 * weeks + 1))


def groups_of(practice: Practice, window: Window) -> list[Group]:
    """The scheduled visits of the window; one without a time zone counts where it may fall."""
    known = Q(starts_at__gte=window.start, starts_at__lt=window.end)
    zoneless = Q(
        starts_at__isnull=True,
        local_start__gte=window.start - _WIDEST_OFFSET,
        local_start__lt=window.end + _WIDEST_OFFSET,
    )
    rows = (
        Appointment.objects.filter(
            known | zoneless, practice=practice, status=AppointmentStatus.SCHEDULED
        )
        # A visit that the chart has open and Kept has closed stays so only until the next look.
        .exclude(coverage_state=State.CLOSED)
        .order_by()
        .values_list(
            "type_external_id",
            "route_modality",
            "route_risk",
            "route_language",
            "coverage_state",
            "coverage_code",
        )
        .annotate(called=Max("type_name"), visits=Count("pk"))
    )
    return [
        Group(type_id, called, modality, risk, language, State(state), Code(code), visits)
        for type_id, modality, risk, language, state, code, called, visits in rows
    ]


def visits_in(groups: Iterable[Group]) -> int:
    """How many visits these groups hold."""
    return sum(group.visits for group in groups)
