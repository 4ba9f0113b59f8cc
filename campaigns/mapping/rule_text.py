"""A change of the mapping in words: what it would do, what it did, which lines changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.labels import MODALITIES, language
from campaigns.models import AppointmentType, Campaign, Practice

NO_REMINDERS = "no reminders"
HELD = (
    "{moving} of {upcoming} enrolled visits would change their campaign: held until a second "
    "person approves it under Changes of the rules."
)

_MODALITIES = {modality.value: word for modality, word in MODALITIES.items()}


def campaign_names(practice: Practice) -> dict[str, str]:
    """What campaigns are called, by Relatient's id; the id too where two share a name."""
    rows = Campaign.objects.filter(practice=practice).values_list("external_id", "name")
    shared = Counter(name for _, name in rows)
    named = {id_: name if shared[name] == 1 else f"{name} ({id_})" for id_, name in rows}
    return {**named, "": NO_REMINDERS}


def moved(moves: Iterable[Sequence[Any]], names: Mapping[str, str], verb: str = "") -> list[str]:
    """One sentence for each move; `verb` replaces "move", as in "would move"."""
    return [
        f"{visits_(visits)} {verb or ('moves' if visits == 1 else 'move')} "
        f"from {names.get(before, before)} to {names.get(after, after)}."
        for before, after, visits in moves
    ]


def visits_(number: int) -> str:
    """1 visit, 2 visits."""
    return f"{number:,} visit" + ("" if number == 1 else "s")


def staying(number: int) -> list[str]:
    """A sentence about visits that the rules would move, but that are left alone."""
    if not number:
        return []
    verb, pronoun = ("stays", "it is") if number == 1 else ("stay", "they are")
    was = "was" if number == 1 else "were"
    return [f"{number:,} {verb} because {pronoun} confirmed or {was} written to."]


def undecided(number: int) -> list[str]:
    """A sentence about visits of which nothing is known yet."""
    if not number:
        return []
    verb, pronoun = ("is", "it goes") if number == 1 else ("are", "they go")
    return [f"{visits_(number)} {verb} not decided yet; {pronoun} by the new rules."]


def held(moving: int, upcoming: int) -> str:
    """The sentence why a change is not in force yet, and what ends that."""
    return HELD.format(moving=f"{moving:,}", upcoming=f"{upcoming:,}")


def lines_changed(
    practice: Practice, before: Iterable[Sequence[Any]], after: Iterable[Sequence[Any]]
) -> list[str]:
    """Each line of the mapping that was added, taken away or changed, in words.

    Lines as a RuleChange keeps them: number, type, modality, risk, language, campaign.
    """
    rows = AppointmentType.objects.filter(practice=practice)
    types = dict(rows.values_list("external_id", "name"))
    return lines_between(before, after, types, campaign_names(practice))


def lines_between(
    before: Iterable[Sequence[Any]],
    after: Iterable[Sequence[Any]],
    types: Mapping[str, str],
    names: Mapping[str, str],
) -> list[str]:
    """The same for many changes: the names of types and campaigns by id are asked once."""
    was = {line[0]: list(line[1:]) for line in before}
    now = {line[0]: list(line[1:]) for line in after}
    return [
        _changed(was.get(pk), now.get(pk), types, names)
        for pk in sorted(was.keys() | now.keys())
        if was.get(pk) != now.get(pk)
    ]


def _changed(
    was: Sequence[str] | None,
    now: Sequence[str] | None,
    types: Mapping[str, str],
    names: Mapping[str, str],
) -> str:
    line = now or was or []
    kind, campaign = _kind(line, types), names.get(line[-1], line[-1])
    if now is None:
        return f"{kind}: {campaign} (taken away)"
    if was is None:
        return f"{kind}: {campaign} (new)"
    former = names.get(was[-1], was[-1])
    if was[:-1] != now[:-1]:
        former = f"{_kind(was, types)}: {former}"
    return f"{kind}: {campaign} (was {former})"


def _kind(line: Sequence[str], types: Mapping[str, str]) -> str:
    type_id, modality, risk, tag = line[:4]
    named = f"{types.get(type_id, 'unknown')} ({type_id})"
    parts = ["every kind of visit" if type_id == EVERY_TYPE else named]
    parts += [] if modality == ANY else [_MODALITIES.get(modality, modality)]
    parts += [] if risk == ANY else [f"{risk} risk"]
    return ", ".join([*parts, language(tag)])
