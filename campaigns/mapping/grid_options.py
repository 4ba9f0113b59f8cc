"""What can be chosen in a cell of the grid: the library's campaigns, grouped by their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from campaigns.domain.rule_match import ANY
from campaigns.domain.values import Modality
from campaigns.labels import MODALITIES, language
from campaigns.models import Campaign, CampaignRule

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
    """What the cell of a rule says."""
    if row is None:
        return NO_RULE
    return row.campaign.external_id if row.campaign else ON_PURPOSE


def kept_option(
    value: str, offered: Mapping[str, Option], library: Sequence[Campaign]
) -> Option | None:
    """What is in force, but would not be offered: it must not get lost by saving another cell."""
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
