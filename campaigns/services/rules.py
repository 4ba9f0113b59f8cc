"""Changing the mapping: which visits get which campaign. Each function is one rule change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import BULK, CampaignRule, Practice, RuleChange
from campaigns.services import rulerows
from campaigns.services.csv_rules import Key, RuleLine
from campaigns.services.rulechanges import change_rules
from campaigns.services.upcoming import look_at_upcoming


@dataclass
class Changes:
    """How many rules an import touched."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        """Whether the mapping is another one now."""
        return bool(self.created or self.updated or self.removed)


def types_changed(practice: Practice, priority: int = BULK) -> int:
    """Look again at every visit ahead: to call when what staff decide of a type was changed."""
    return look_at_upcoming(practice, priority)


def save_rule(
    rule: CampaignRule, *, user: Any = None, include_messaged: bool = False
) -> RuleChange | None:
    """Store a new rule, or what a known one says now. Raises ChangeRefused."""

    def apply() -> None:
        stored = CampaignRule.objects.select_related("campaign").filter(pk=rule.pk).first()
        if stored is None:
            rulerows.create(rule)
        elif rulerows.said(stored) != rulerows.said(rule):
            rulerows.update(rule, rulerows.said(stored))

    _, change = change_rules(rule.practice, apply, user=user, include_messaged=include_messaged)
    return change


def delete_rules(
    practice: Practice, ids: Iterable[int], *, user: Any = None, include_messaged: bool = False
) -> RuleChange | None:
    """Delete rules of one practice, as one change. Raises ChangeRefused."""

    def apply() -> None:
        for rule in _rows(practice, ids):
            rulerows.delete(rule)

    _, change = change_rules(practice, apply, user=user, include_messaged=include_messaged)
    return change


def switch_off_rules(
    practice: Practice, ids: Iterable[int], *, user: Any = None, include_messaged: bool = False
) -> RuleChange | None:
    """Switch rules of one practice off, as one change. Raises ChangeRefused."""

    def apply() -> None:
        for rule in _rows(practice, ids):
            if rule.active:
                rulerows.switch_off(rule)

    _, change = change_rules(practice, apply, user=user, include_messaged=include_messaged)
    return change


def apply_rules(
    practice: Practice, lines: Sequence[RuleLine], *, replace: bool, user: Any = None
) -> tuple[Changes, RuleChange | None]:
    """Make the rules those of the lines, as one change. Raises ChangeRefused.

    Rules that no line speaks of stay, or with `replace` are deactivated, never deleted: a past
    decision names the rule it was made by.
    """

    def apply() -> Changes:
        changes = Changes()
        # What is switched off goes first: two active rules may never hold one key.
        if replace:
            changes.removed = _retire(practice, {line.key for line in lines})
        spoken_for = {line.key for line in lines if line.active}
        for line in sorted(lines, key=lambda line: line.active):
            if line.active or line.key not in spoken_for:
                _apply(practice, line, changes)
            else:
                changes.unchanged += 1
        return changes

    return change_rules(practice, apply, user=user)


def _rows(practice: Practice, ids: Iterable[int]) -> list[CampaignRule]:
    rows = CampaignRule.objects.filter(practice=practice, pk__in=list(ids)).order_by("pk")
    return list(rows.select_related("practice", "campaign"))


def _apply(practice: Practice, line: RuleLine, changes: Changes) -> None:
    row = _row_for(practice, line)
    if row is None:
        rulerows.create(_new(practice, line))
        changes.created += 1
    elif (row.campaign, row.active) == (line.campaign, line.active):
        changes.unchanged += 1
    else:
        before = rulerows.said(row)
        row.campaign, row.active = line.campaign, line.active
        rulerows.update(row, before)
        changes.updated += 1


def _row_for(practice: Practice, line: RuleLine) -> CampaignRule | None:
    """The rule a line speaks of: the active one of its key, else the one most like it."""
    type_id, modality, risk, language = line.key
    rows = CampaignRule.objects.filter(
        practice=practice,
        appointment_type_id=type_id,
        modality=modality,
        risk=risk,
        language=language,
    ).select_related("campaign", "practice")
    return min(
        rows,
        key=lambda row: (not row.active, row.campaign != line.campaign, -row.pk),
        default=None,
    )


def _new(practice: Practice, line: RuleLine) -> CampaignRule:
    type_id, modality, risk, language = line.key
    return CampaignRule(
        practice=practice,
        appointment_type_id=type_id,
        modality=modality,
        risk=risk,
        language=language,
        campaign=line.campaign,
        active=line.active,
    )


def _retire(practice: Practice, named: Collection[Key]) -> int:
    rows = CampaignRule.objects.filter(practice=practice, active=True)
    gone = [row for row in rows.select_related("campaign", "practice") if _key(row) not in named]
    for row in gone:
        rulerows.switch_off(row, "rule.removed")
    return len(gone)


def _key(row: CampaignRule) -> Key:
    return row.appointment_type_id, row.modality, row.risk, row.language
