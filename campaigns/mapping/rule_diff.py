"""What lines of a file, or cells of the grid, make of the rules: step by step, nothing written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from campaigns.mapping.csv_rules import Key, RuleLine
from campaigns.mapping.rules import as_audit_list
from campaigns.models import CampaignRule, Practice

CREATED, UPDATED, UNCHANGED, REMOVED = "created", "updated", "unchanged", "removed"


@dataclass(frozen=True)
class Step:
    """One rule and what becomes of it; `before` is what an updated rule said before."""

    kind: str
    row: CampaignRule
    before: list[str]


def steps_of(practice: Practice, lines: Sequence[RuleLine], *, replace: bool) -> Iterator[Step]:
    """The steps in the order in which they may be written; the rules are read once, first.

    Each row already is as its step makes it, but one that is `removed` only after its step. With
    `replace` the rules that no line speaks of are removed.
    """
    rows = CampaignRule.objects.filter(practice=practice).select_related("campaign", "practice")
    by_key: dict[Key, list[CampaignRule]] = {}
    for row in rows.order_by("pk"):
        by_key.setdefault(key_of(row), []).append(row)
    # Rules to be switched off come first: two active rules may never hold one key.
    if replace:
        yield from _retired(by_key, {line.key for line in lines})
    spoken_for = {line.key for line in lines if line.active}
    for line in sorted(lines, key=lambda line: line.active):
        known = by_key.setdefault(line.key, [])
        if line.active or line.key not in spoken_for:
            yield _step(practice, line, known)
        else:
            yield Step(UNCHANGED, _new(practice, line), [])


def key_of(row: CampaignRule) -> Key:
    """The kind of visit that a rule is about; of one kind only one rule may be active."""
    return row.appointment_type_id, row.modality, row.risk, row.language


def _retired(by_key: dict[Key, list[CampaignRule]], named: Collection[Key]) -> Iterator[Step]:
    for key, rows in by_key.items():
        for row in rows:
            if row.active and key not in named:
                yield Step(REMOVED, row, [])
                row.active = False


def _step(practice: Practice, line: RuleLine, known: list[CampaignRule]) -> Step:
    row = _closest(line, known)
    if row is None:
        made = _new(practice, line)
        known.append(made)
        return Step(CREATED, made, [])
    if (row.campaign, row.active) == (line.campaign, line.active):
        return Step(UNCHANGED, row, [])
    before = as_audit_list(row)
    row.campaign, row.active = line.campaign, line.active
    return Step(UPDATED, row, before)


def _closest(line: RuleLine, known: Sequence[CampaignRule]) -> CampaignRule | None:
    """The rule a line speaks of: the active one of its key, else the one most like it."""
    return min(
        known,
        key=lambda row: (not row.active, row.campaign != line.campaign, -(row.pk or 0)),
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
