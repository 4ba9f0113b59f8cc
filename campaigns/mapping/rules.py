"""Changing the mapping: which visits get which campaign. Each function is one rule change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.decisions.practice_snapshot import fact_of
from campaigns.domain.snapshot import Rule
from campaigns.mapping import rule_rows as rulerows
from campaigns.mapping.csv_rules import RuleLine
from campaigns.mapping.rule_changes import change_rules
from campaigns.mapping.rule_diff import CREATED, REMOVED, UNCHANGED, UPDATED, Step, steps_of
from campaigns.models import CampaignRule, Practice, RuleChange


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

    def count(self, step: Step) -> None:
        """One rule more of its kind of step."""
        setattr(self, step.kind, getattr(self, step.kind) + 1)


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
    practice: Practice,
    lines: Sequence[RuleLine],
    *,
    replace: bool,
    user: Any = None,
    include_messaged: bool = False,
    guard: Callable[[], None] = lambda: None,
) -> tuple[Changes, RuleChange | None]:
    """Make the rules those of the lines, as one change. Raises ChangeRefused.

    Rules that no line speaks of stay, or with `replace` are deactivated, never deleted: a past
    decision names the rule it was made by. `guard` is asked first, where nobody else can change
    the rules any more, and may raise ChangeRefused.
    """

    def apply() -> Changes:
        guard()
        changes = Changes()
        for step in steps_of(practice, lines, replace=replace):
            changes.count(step)
            _write(step)
        return changes

    return change_rules(practice, apply, user=user, include_messaged=include_messaged)


def planned(
    practice: Practice, lines: Sequence[RuleLine], *, replace: bool = False
) -> tuple[Changes, tuple[Rule, ...]]:
    """What apply_rules would count, and the rules that would be in force; nothing is written."""
    changes = Changes()
    stored = CampaignRule.objects.filter(practice=practice).select_related("campaign")
    rows = {row.pk: row for row in stored}
    number = max(rows, default=0)
    for step in steps_of(practice, lines, replace=replace):
        changes.count(step)
        if step.kind == CREATED:
            # A number of its own until it has one: rules are told apart by it.
            number += 1
            step.row.pk = number
        if step.kind != UNCHANGED:
            rows[step.row.pk] = step.row
    return changes, tuple(fact_of(row) for row in rows.values() if row.active)


def _rows(practice: Practice, ids: Iterable[int]) -> list[CampaignRule]:
    rows = CampaignRule.objects.filter(practice=practice, pk__in=list(ids)).order_by("pk")
    return list(rows.select_related("practice", "campaign"))


def _write(step: Step) -> None:
    if step.kind == CREATED:
        rulerows.create(step.row)
    elif step.kind == UPDATED:
        rulerows.update(step.row, step.before)
    elif step.kind == REMOVED:
        rulerows.switch_off(step.row, "rule.removed")
