"""Changing the mapping: which visits get which campaign, and what follows from a change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from audit.recorder import record as audit
from campaigns.models import BULK, Campaign, CampaignRule, Practice
from campaigns.services.csv_rules import Key, RuleLine
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


def rules_changed(practice: Practice, priority: int = BULK) -> int:
    """Look again at every visit ahead: to call whenever the mapping was changed."""
    return look_at_upcoming(practice, priority)


def types_changed(practice: Practice, priority: int = BULK) -> int:
    """Look again at every visit ahead: to call when what staff decide of a type was changed."""
    return look_at_upcoming(practice, priority)


def apply_rules(practice: Practice, lines: Sequence[RuleLine], *, replace: bool) -> Changes:
    """Make the rules those of the lines, in one transaction, each change with its audit event.

    Rules that no line speaks of stay, or with `replace` are deactivated, never deleted: a past
    decision names the rule it was made by.
    """
    changes = Changes()
    with transaction.atomic():
        Practice.objects.select_for_update().get(pk=practice.pk)
        named = {line.key for line in lines}
        spoken_for = {line.key for line in lines if line.active}
        # What is switched off goes first: two active rules may never hold one key.
        if replace:
            changes.removed = _retire(practice, named)
        for line in sorted(lines, key=lambda line: line.active):
            if line.active or line.key not in spoken_for:
                _apply(practice, line, changes)
            else:
                changes.unchanged += 1
        if changes.any:
            rules_changed(practice)
    return changes


def _apply(practice: Practice, line: RuleLine, changes: Changes) -> None:
    row = _row_for(practice, line)
    if row is None:
        _create(practice, line)
        changes.created += 1
    elif (row.campaign, row.active) == (line.campaign, line.active):
        changes.unchanged += 1
    else:
        _update(row, line.campaign, line.active)
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


def _create(practice: Practice, line: RuleLine) -> None:
    type_id, modality, risk, language = line.key
    row = CampaignRule.objects.create(
        practice=practice,
        appointment_type_id=type_id,
        modality=modality,
        risk=risk,
        language=language,
        campaign=line.campaign,
        active=line.active,
    )
    _say("rule.created", row, None)


def _update(row: CampaignRule, campaign: Campaign | None, active: bool) -> None:
    before = _said(row)
    row.campaign, row.active = campaign, active
    row.save(update_fields=["campaign", "active"])
    _say("rule.updated", row, before)


def _retire(practice: Practice, named: Collection[Key]) -> int:
    rows = CampaignRule.objects.filter(practice=practice, active=True).select_related("campaign")
    gone = [row for row in rows if _key(row) not in named]
    for row in gone:
        before = _said(row)
        row.active = False
        row.save(update_fields=["active"])
        _say("rule.removed", row, before)
    return len(gone)


def _key(row: CampaignRule) -> Key:
    return row.appointment_type_id, row.modality, row.risk, row.language


def _said(row: CampaignRule) -> list[str]:
    campaign = row.campaign.external_id if row.campaign else ""
    return [*_key(row), campaign, "active" if row.active else "inactive"]


def _say(action: str, row: CampaignRule, before: list[str] | None) -> None:
    audit(
        action,
        practice=row.practice.external_id,
        subject=("rule", row.pk),
        detail={"rule": _said(row), "before": before},
    )
