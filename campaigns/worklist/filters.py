"""The filters of the work list: which there are, and which of those in an address exist.

They stand in the address of the page, so they hold ids and codes and never a person. A value that
does not exist (a link of last year, a typing error) is left out, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from campaigns.domain.risk import RISK_LEVELS
from campaigns.domain.values import WorkItemKind
from campaigns.labels import WORK_ITEMS, tongue
from campaigns.models import Appointment, Practice, WorkItem
from campaigns.reference.names import Names
from campaigns.worklist.days import Show
from campaigns.worklist.queries import WorkListView, view_of

UNCONFIRMED = "unconfirmed"
LABELS = {
    "department": "Department",
    "provider": "Provider",
    "reason": "Reason",
    "risk": "Risk",
    "language": "Language",
}


@dataclass(frozen=True)
class Choice:
    """One filter with what it offers: pairs of value and words."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str = ""


@dataclass(frozen=True)
class FilterValues:
    """The filters that the visitor chose, as far as they exist; `ignored` names the rest
    in words.
    """

    show: Show = Show.SOON
    values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    ignored: tuple[str, ...] = ()

    def query(self, practice: Practice) -> str:
        """The address of this very list, to be put behind a question mark."""
        show = {} if self.show is Show.SOON else {"show": self.show.value}
        return urlencode({"practice": practice.pk, **show, **self.values})

    def listed(self, practice: Practice, now: datetime) -> WorkListView:
        """The view of the list with the rows that these filters leave."""
        everything = view_of(practice, now, self.show)
        visits, items, replies = everything.visits, everything.items, everything.replies
        if provider := self.values.get("provider"):
            visits = visits.filter(_has_provider(provider))
            of_provider = _has_provider(provider, "appointment__")
            items, replies = items.filter(of_provider), replies.filter(of_provider)
        if reason := self.values.get("reason"):
            visits = _with_reason(visits, reason)
            items, replies = items.filter(kind=reason), replies.filter(kind=reason)
        of_visit = self._columns("appointment__")
        return WorkListView(
            visits.filter(self._columns()), items.filter(of_visit), replies.filter(of_visit)
        )

    def _columns(self, path: str = "") -> Q:
        columns = {
            "department": "department_external_id",
            "risk": "route_risk",
            "language": "route_language",
        }
        return Q(**{path + columns[name]: v for name, v in self.values.items() if name in columns})


def parse_filters(query: Mapping[str, str], practice: Practice, names: Names) -> FilterValues:
    """Read the query of an address; one query to the database."""
    offered = _offered(practice, names)
    values, choices, ignored = {}, [], []
    for name, options in offered.items():
        wanted = query.get(name, "")
        if wanted in dict(options):
            values[name] = wanted
        elif wanted:
            ignored.append(LABELS[name].lower())
        choices.append(Choice(name, LABELS[name], options, values.get(name, "")))
    show = query.get("show", "")
    known = show in set(Show)
    if show and not known:
        ignored.append("days")
    return FilterValues(Show(show) if known else Show.SOON, values, tuple(choices), tuple(ignored))


def _offered(practice: Practice, names: Names) -> dict[str, tuple[tuple[str, str], ...]]:
    tags = (
        Appointment.objects.filter(practice=practice)
        .exclude(route_language="")
        .order_by("route_language")
        .values_list("route_language", flat=True)
        .distinct()
    )
    reasons = [(UNCONFIRMED, "No answer yet")]
    reasons += [(kind.value, WORK_ITEMS[kind]) for kind in WorkItemKind]
    return {
        "department": _by_name(names.departments),
        "provider": _by_name(names.providers),
        "reason": tuple(reasons),
        "risk": tuple((risk.value, level.on_the_list) for risk, level in RISK_LEVELS.items()),
        "language": tuple((tag, tongue(tag)) for tag in tags),
    }


def _by_name(named: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def _has_provider(provider: str, path: str = "") -> Contains:
    """SQLite cannot ask what a JSON list contains; the ids are compared with their quotes."""
    return Contains(Cast(f"{path}provider_external_ids", TextField()), f'"{provider}"')


def _with_reason(visits: QuerySet[Appointment], reason: str) -> QuerySet[Appointment]:
    open_items = WorkItem.objects.filter(appointment=OuterRef("pk"), closed_at__isnull=True)
    if reason == UNCONFIRMED:
        return visits.filter(~Exists(open_items))
    return visits.filter(Exists(open_items.filter(kind=reason)))
