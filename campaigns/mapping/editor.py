"""What the mapping editor writes: the cells of the grid as rules, and what staff decide
of a type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from campaigns import doorbell
from campaigns.decisions.practice_snapshot import rules_of
from campaigns.domain.rule_match import EVERY_TYPE
from campaigns.domain.values import Modality, OnCancel
from campaigns.mapping.csv_format import Changes
from campaigns.mapping.csv_rules import MODALITIES, RISKS, Key, RuleLine, language_tag
from campaigns.mapping.csv_types import TypeLine, apply_types, version_of_types
from campaigns.mapping.grid import NO_RULE, ON_PURPOSE, Cell, value_of
from campaigns.mapping.rule_changes import ChangeRefused, apply_rules
from campaigns.models import AppointmentType, Campaign, CampaignRule, Practice, RuleChange

CHANGED_MEANWHILE = (
    "Nothing was saved: a colleague changed these rules while you were looking at them. "
    "Please look at the rules as they are now."
)
TYPES_CHANGED = (
    "Nothing was saved: a colleague changed this kind of visit while you were looking at it. "
    "Please look at it as it is now."
)


class NotOffered(ValueError):
    """A form holds what the page never offered; the text says what, to the person."""


def version_of_rules(practice: Practice, type_id: str | None = None) -> str:
    """A digest of the rules in force, of one type or of all: another one once they change."""
    rules = [rule for rule in rules_of(practice) if type_id in (None, rule.type_id)]
    text = repr(sorted(astuple(rule) for rule in rules))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def lines_of(practice: Practice, type_id: str, cells: Mapping[Cell, str]) -> list[RuleLine]:
    """The cells that differ from the rules in force, as lines for apply_rules.

    Raises NotOffered for a campaign that is not in the library, or one that is switched off and
    was not chosen in this cell before.
    """
    library = {row.external_id: row for row in Campaign.objects.filter(practice=practice)}
    rows = CampaignRule.objects.filter(
        practice=practice, appointment_type_id=type_id, active=True
    ).select_related("campaign")
    present = {(row.modality, row.risk, row.language): row for row in rows}
    found = []
    for cell, value in cells.items():
        row = present.get(cell)
        if value == value_of(row):
            continue
        key = _key(type_id, cell, known=row is not None)
        if value == NO_RULE:
            # A line that is switched off keeps what it said.
            found.append(RuleLine(key, row.campaign if row else None, active=False))
        else:
            found.append(RuleLine(key, _campaign(value, library), active=True))
    return found


def _key(type_id: str, cell: Cell, *, known: bool) -> Key:
    modality, risk, language = cell
    sound = modality in MODALITIES and risk in RISKS and language_tag(language) == language
    if not (sound or known):
        raise NotOffered("The grid has no such cell. Load the page again.")
    return type_id, modality, risk, language


def _campaign(value: str, library: Mapping[str, Campaign]) -> Campaign | None:
    if value == ON_PURPOSE:
        return None
    campaign = library.get(value)
    if campaign is None:
        raise NotOffered("A campaign that you chose is not in the library any more.")
    if not campaign.active:
        raise NotOffered(
            f"{campaign.name} is switched off at Relatient. Choose another campaign, "
            "or switch it on there first."
        )
    return campaign


def save_cells(
    practice: Practice,
    type_id: str,
    lines: Sequence[RuleLine],
    *,
    seen: str,
    user: Any,
    include_messaged: bool = False,
) -> RuleChange | None:
    """Store the cells as one change; None when nothing differs. Raises ChangeRefused.

    `seen` is the version of the type's rules that the page showed (version_of_rules).
    """

    def guard() -> None:
        if version_of_rules(practice, type_id) != seen:
            raise ChangeRefused(CHANGED_MEANWHILE)

    _, change = apply_rules(
        practice, lines, replace=False, user=user, include_messaged=include_messaged, guard=guard
    )
    doorbell.ring()
    return change


def import_lines(
    practice: Practice,
    lines: Sequence[RuleLine],
    *,
    replace: bool,
    seen: str,
    user: Any,
    include_messaged: bool = False,
) -> tuple[Changes, RuleChange | None]:
    """Store a file's lines, unless any rule changed since its effect was shown (ChangeRefused)."""

    def guard() -> None:
        if version_of_rules(practice) != seen:
            raise ChangeRefused(CHANGED_MEANWHILE)

    done = apply_rules(
        practice, lines, replace=replace, user=user, include_messaged=include_messaged, guard=guard
    )
    doorbell.ring()
    return done


def import_types(practice: Practice, lines: Sequence[TypeLine], *, seen: str) -> Changes:
    """Store what a file says of the types. Raises ChangeRefused if somebody changed them meanwhile.

    `seen` is the version of the types of these lines that the page showed
    (csv_types.version_of_types).
    """

    def guard(rows: Iterable[AppointmentType]) -> None:
        if version_of_types(rows) != seen:
            raise ChangeRefused(TYPES_CHANGED)

    done = apply_types(practice, lines, guard)
    if done.any:
        doorbell.ring()
    return done


def decide_type(
    row: AppointmentType, modality: str, confidential: bool, on_cancel: str, *, seen: str
) -> bool:
    """Store what staff decide of a type; whether anything changed. Raises NotOffered, and
    ChangeRefused as import_types does.
    """
    if modality not in list(Modality) or on_cancel not in ["", *OnCancel]:
        raise NotOffered("This form is not complete. Load the page again.")
    line = TypeLine(row, modality, confidential, on_cancel, row.visit_value)
    return import_types(row.practice, [line], seen=seen).any


def is_type_of(practice: Practice, type_id: str) -> bool:
    """Whether rules may speak of this: a type of the practice, or every type."""
    types = AppointmentType.objects.filter(practice=practice, external_id=type_id)
    return type_id == EVERY_TYPE or types.exists()
