"""Who changed the rules of one type, and how: the newest changes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaigns.domain.values import RuleChangeStatus
from campaigns.labels import RULE_CHANGES
from campaigns.local_time import spoken
from campaigns.mapping.rule_text import campaign_names, lines_between
from campaigns.models import AppointmentType, Practice, RuleChange

# Every change keeps the whole mapping twice, so only the newest are searched.
SEARCHED = 50
SHOWN = 10


@dataclass(frozen=True)
class Entry:
    """One change, as far as it is about the type."""

    pk: int
    when: str
    by: str
    stands: str
    lines: list[str]
    moving: int
    upcoming: int
    decided_by: str


@dataclass(frozen=True)
class History:
    """`more` when older changes were not searched or not shown."""

    entries: list[Entry]
    more: bool


def history_of(practice: Practice, type_id: str) -> History:
    """Three queries, whatever the number of changes."""
    changes = list(RuleChange.objects.filter(practice=practice)[: SEARCHED + 1])
    rows = AppointmentType.objects.filter(practice=practice, external_id=type_id)
    types = dict(rows.values_list("external_id", "name"))
    names = campaign_names(practice)
    found = []
    for change in changes[:SEARCHED]:
        before, after = _about(change.before, type_id), _about(change.after, type_id)
        if before != after:
            found.append(_entry(change, practice, lines_between(before, after, types, names)))
    more = len(changes) > SEARCHED or len(found) > SHOWN
    return History(found[:SHOWN], more)


def _about(lines: Iterable[list[Any]], type_id: str) -> list[list[Any]]:
    return sorted(line for line in lines if line[1] == type_id)


def _entry(change: RuleChange, practice: Practice, lines: list[str]) -> Entry:
    return Entry(
        change.pk,
        spoken(change.made_at, practice.time_zone),
        change.made_by_name,
        RULE_CHANGES[RuleChangeStatus(change.status)],
        lines,
        change.moving,
        change.upcoming,
        change.decided_by_name,
    )
