"""The kinds of visits of a practice and how far they are mapped, the unmapped ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from campaigns.domain.coverage import Code
from campaigns.domain.rule_match import EVERY_TYPE
from campaigns.domain.values import AppointmentStatus
from campaigns.models import Appointment, AppointmentType, CampaignRule, Practice

EVERY_KIND = "Every kind of visit"


@dataclass(frozen=True)
class TypeRow:
    """One type in the list; `visits` are ahead, `without` are those that no rule fits."""

    external_id: str
    name: str
    visits: int = 0
    without: int = 0
    rules: int = 0
    general: bool = False

    @property
    def unmapped(self) -> bool:
        """Whether nobody has said anything about this type."""
        return not self.rules

    @property
    def stands(self) -> str:
        """The word on the type's badge."""
        if self.unmapped:
            return "general rule" if self.general else "no rule"
        return "incomplete" if self.without else "mapped"

    @property
    def looks(self) -> str:
        """The colour of the badge; its word says the same."""
        if self.stands in ("no rule", "incomplete"):
            return "blocked" if self.visits else "excluded"
        return "enrolled" if self.stands == "mapped" else "excluded"


@dataclass(frozen=True)
class Types:
    """All of a practice's types; `listed` are those that a search found."""

    all: list[TypeRow]
    listed: list[TypeRow]
    every: TypeRow

    def row(self, external_id: str) -> TypeRow | None:
        """The type of this id, or the row for every type."""
        known = [self.every, *self.all]
        return next((row for row in known if row.external_id == external_id), None)

    @property
    def unmapped(self) -> int:
        """How many types with visits ahead nobody has mapped."""
        return sum(row.unmapped and row.visits > 0 for row in self.all)

    @property
    def without(self) -> int:
        """Visits ahead that no rule fits."""
        return sum(row.without for row in self.all)


def types_of(practice: Practice, now: datetime, search: str = "") -> Types:
    """Three queries, whatever the number of types and visits."""
    ahead = _ahead(practice, now)
    rules = _rules(practice)
    general = EVERY_TYPE in rules
    rows = [
        TypeRow(type_id, name, *ahead.get(type_id, (0, 0)), rules.get(type_id, 0), general)
        for type_id, name in AppointmentType.objects.filter(practice=practice)
        .order_by("name")
        .values_list("external_id", "name")
    ]
    rows.sort(key=_urgency)
    words = search.casefold().split()
    listed = [row for row in rows if all(word in row.name.casefold() for word in words)]
    every = TypeRow(
        EVERY_TYPE,
        EVERY_KIND,
        sum(row.visits for row in rows),
        sum(row.without for row in rows),
        rules.get(EVERY_TYPE, 0),
    )
    return Types(rows, listed, every)


def visits_ahead(practice: Practice, now: datetime) -> QuerySet[Appointment]:
    """The visits that the mapping is about."""
    return Appointment.objects.filter(
        practice=practice, status=AppointmentStatus.SCHEDULED, starts_at__gte=now
    )


def _urgency(row: TypeRow) -> tuple[int, int, str]:
    # Nobody mapped it and visits are ahead; mapped with holes; not mapped, not booked; the rest.
    rank = 0 if row.unmapped and row.visits else 1 if row.without else 2 if row.unmapped else 3
    return rank, -row.visits, row.name.casefold()


def _ahead(practice: Practice, now: datetime) -> dict[str, tuple[int, int]]:
    rows = (
        visits_ahead(practice, now)
        .values_list("type_external_id")
        .annotate(visits=Count("pk"), without=Count("pk", Q(coverage_code=Code.NO_RULE)))
        .order_by()
    )
    return {type_id: (visits, without) for type_id, visits, without in rows}


def _rules(practice: Practice) -> dict[str, int]:
    rows = CampaignRule.objects.filter(practice=practice, active=True)
    counted = rows.values_list("appointment_type_id").annotate(rules=Count("pk")).order_by()
    return dict(counted)


def address_of(practice: Practice, type_id: str = "") -> str:
    """The page of a type, to come back to."""
    asked = {"practice": str(practice.pk)} | ({"type": type_id} if type_id else {})
    return f"{reverse('mapping')}?{urlencode(asked)}"
