"""The grid of one type: modality and risk down, language across, a campaign in each cell.

What can be chosen in a cell is the library's campaigns, grouped by their kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count

from campaigns.domain.languages import same_language
from campaigns.domain.risk import RISK_LEVELS
from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.domain.values import Modality
from campaigns.labels import MODALITIES, language
from campaigns.mapping.types_list import visits_ahead
from campaigns.models import Campaign, CampaignRule, Practice

# What a cell says that names no campaign.
NO_RULE, ON_PURPOSE = "", "-"
PLACES = {
    ANY: "any place",
    Modality.IN_PERSON.value: MODALITIES[Modality.IN_PERSON],
    Modality.TELEHEALTH.value: MODALITIES[Modality.TELEHEALTH],
}


@dataclass(frozen=True)
class Option:
    """A campaign to choose; one that is switched off can only stay chosen."""

    value: str
    label: str
    off: bool


@dataclass(frozen=True)
class Group:
    """Campaigns of one language, intensity and modality."""

    label: str
    options: list[Option]


def value_of(row: CampaignRule | None) -> str:
    """The value that the cell of a rule has in the form."""
    if row is None:
        return NO_RULE
    return row.campaign.external_id if row.campaign else ON_PURPOSE


def kept_option(
    value: str, offered: Mapping[str, Option], library: Sequence[Campaign]
) -> Option | None:
    """The option for what is in force but would not be offered: saving another cell must not lose
    it.
    """
    if value in (NO_RULE, ON_PURPOSE) or (value in offered and not offered[value].off):
        return None
    row = next((row for row in library if row.external_id == value), None)
    if row is None:
        return Option(value, f"{value}, not in the library any more", off=False)
    why = "" if not row.active else f", for {_shown(row.modality)}"
    return Option(value, _label(row) + why, off=False)


def groups_for(modality: str, library: Sequence[Campaign]) -> list[Group]:
    """The campaigns that suit visits of a modality: no directions to the office by video."""

    def kind(row: Campaign) -> tuple[str, bool, str]:
        return language(row.language), row.intensity != "standard", row.modality

    suiting = (row for row in library if modality == ANY or row.modality in (ANY, modality))
    ordered = sorted(suiting, key=lambda row: (*kind(row), row.name, row.external_id))
    return [
        Group(
            f"{name}, {'high' if high else 'standard'} intensity, {_shown(modality)}",
            [Option(row.external_id, _label(row), not row.active) for row in rows],
        )
        for (name, high, modality), rows in groupby(ordered, key=kind)
    ]


def _label(row: Campaign) -> str:
    return row.name if row.active else f"{row.name} (switched off at Relatient)"


def _shown(modality: str) -> str:
    return PLACES.get(modality, modality)


# Wider than this the grid would not fit a screen; the page offers the rest.
COLUMNS = 6
_RISKS = {
    ANY: "any risk",
    **{risk.value: level.label for risk, level in RISK_LEVELS.items()},
}

# Modality, risk, language.
Cell = tuple[str, str, str]


@dataclass(frozen=True)
class GridCell:
    """One select: its field's name, its value, and whether that is not saved yet.

    `was` is the value of the rule in force: a cell that a person left alone is no choice of theirs.
    """

    field: str
    was_field: str
    was: str
    label: str
    value: str
    new: bool
    kept: Option | None = None


@dataclass(frozen=True)
class GridRow:
    """A modality and a risk, and the campaigns that suit them."""

    modality: str
    risk: str
    first: bool
    groups: list[Group]
    cells: list[GridCell]


@dataclass(frozen=True)
class Column:
    """A language and the visits ahead in it."""

    tag: str
    name: str
    visits: int


@dataclass(frozen=True)
class Grid:
    """The whole table; `hidden` languages have visits ahead, but no column."""

    columns: list[Column]
    rows: list[GridRow]
    hidden: list[Column]


def grid_of(
    practice: Practice,
    type_id: str,
    now: datetime,
    chosen: Mapping[Cell, str],
    every_language: bool = False,
) -> Grid:
    """The grid with the rules in force, and over them what was `chosen` and is not saved yet.

    Three queries, whatever the number of rules, campaigns and visits.
    """
    library = list(Campaign.objects.filter(practice=practice).order_by("name", "external_id"))
    present = _present(practice, type_id)
    spoken = _spoken(practice, type_id, now)
    tags = [tag for _, _, tag in (*present, *chosen)] + [row.language for row in library]
    first = _distinct([ANY, practice.language, *tags])
    seen = [tag for tag in spoken if not any(same_language(tag, one) for one in first)]
    room = len(seen) if every_language else max(0, COLUMNS - len(first))
    columns = [_column(tag, spoken) for tag in [*first, *seen[:room]]]
    hidden = [_column(tag, spoken) for tag in seen[room:]]
    rows = [
        _row(modality, risk, columns, library, present, chosen)
        for modality in PLACES
        for risk in _RISKS
    ]
    return Grid(columns, rows, hidden)


def field_of(cell: Cell) -> str:
    """The name of a cell in the form."""
    return ":".join(("cell", *cell))


def was_field_of(cell: Cell) -> str:
    """The name of the field that says what a cell said when the page was made."""
    return ":".join(("was", *cell))


def cell_of(field: str) -> Cell | None:
    """The cell of a field, or None for a field of something else."""
    parts = field.split(":")
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == "cell" else None


def _present(practice: Practice, type_id: str) -> dict[Cell, str]:
    rows = CampaignRule.objects.filter(practice=practice, appointment_type_id=type_id, active=True)
    return {
        (row.modality, row.risk, row.language): value_of(row)
        for row in rows.select_related("campaign")
    }


def _spoken(practice: Practice, type_id: str, now: datetime) -> dict[str, int]:
    visits = visits_ahead(practice, now).exclude(route_language="")
    if type_id != EVERY_TYPE:
        visits = visits.filter(type_external_id=type_id)
    counted = visits.values_list("route_language").annotate(visits=Count("pk")).order_by("-visits")
    return dict(counted)


def _distinct(tags: Iterable[str]) -> list[str]:
    found: list[str] = []
    for tag in tags:
        if tag not in found:
            found.append(tag)
    return found


def _column(tag: str, spoken: Mapping[str, int]) -> Column:
    if tag == ANY:
        return Column(tag, "Any language", sum(spoken.values()))
    visits = sum(number for other, number in spoken.items() if same_language(tag, other))
    return Column(tag, language(tag), visits)


def _row(
    modality: str,
    risk: str,
    columns: Sequence[Column],
    library: Sequence[Campaign],
    present: Mapping[Cell, str],
    chosen: Mapping[Cell, str],
) -> GridRow:
    groups = groups_for(modality, library)
    offered = {option.value: option for group in groups for option in group.options}
    cells = []
    for column in columns:
        cell = (modality, risk, column.tag)
        now = present.get(cell, NO_RULE)
        value = chosen.get(cell, now)
        label = f"{PLACES[modality]}, {_RISKS[risk]}, {column.name}"
        kept = kept_option(value, offered, library)
        fields = field_of(cell), was_field_of(cell)
        cells.append(GridCell(*fields, now, label, value, value != now, kept))
    return GridRow(PLACES[modality], _RISKS[risk], risk == ANY, groups, cells)
