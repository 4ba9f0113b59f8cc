"""Campaigns whose name resembles that of a type: offered, never applied by themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from campaigns.domain.languages import same_language
from campaigns.domain.risk import HIGHEST, RISK_LEVELS
from campaigns.domain.rule_match import ANY
from campaigns.labels import language
from campaigns.models import Campaign, Practice

_WORD = re.compile(r"[a-z]+")
# Words that say nothing of what a visit is for.
_EMPTY_WORDS = frozenset(
    _WORD.findall(
        "a and any appointment appt campaign care cmp en english es for high in min mins new of "
        "patient person reminder reminders spanish standard the to touch visit visits with"
    )
)
_ALIKE = 0.8
_ENOUGH = 0.5
_MOST = 6

Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Suggestion:
    """A campaign, the cell that suits it, and how alike the names are (0 to 1)."""

    campaign: str
    name: str
    about: str
    cell: Cell
    score: float


def suggestions_for(practice: Practice, *type_names: str) -> list[Suggestion]:
    """The best few, the most alike first: one query. Campaigns that are switched off are not.

    A type has a name for the staff and often one for the patient; either may be alike.
    """
    library = Campaign.objects.filter(practice=practice, active=True).order_by("name")
    found = []
    for row in library:
        score = max(alike(name, one) for name in type_names for one in (row.name, row.external_id))
        if score >= _ENOUGH:
            found.append(_suggestion(row, practice, score))
    found.sort(key=lambda one: (-one.score, one.name, one.campaign))
    return _one_for_each_cell(found)[:_MOST]


def alike(left: str, right: str) -> float:
    """How much of both names is the same words, spelled alike; 0 to 1."""
    mine, theirs = _words(left), _words(right)
    if not mine or not theirs:
        return 0.0
    joined = SequenceMatcher(None, "".join(mine), "".join(theirs)).ratio()
    shared = sum(any(_same_word(word, other) for other in theirs) for word in mine)
    back = sum(any(_same_word(word, other) for other in mine) for word in theirs)
    overlap = (shared + back) / (len(mine) + len(theirs))
    return max(overlap, joined if joined >= _ALIKE else 0.0)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.replace("-", "")).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word for word in _WORD.findall(plain) if word not in _EMPTY_WORDS]


def _same_word(left: str, right: str) -> bool:
    # Abbreviations are how charts save room: "phys" for physical.
    if min(len(left), len(right)) >= 4 and (left.startswith(right) or right.startswith(left)):
        return True
    return SequenceMatcher(None, left, right).ratio() >= _ALIKE


def _suggestion(row: Campaign, practice: Practice, score: float) -> Suggestion:
    high = row.intensity != "standard"
    own = same_language(row.language, practice.language)
    cell = (ANY, HIGHEST.value if high else ANY, ANY if own else row.language)
    where = RISK_LEVELS[HIGHEST].label if high else "any risk"
    about = f"{where}, {'any language' if own else language(row.language)}"
    return Suggestion(row.external_id, row.name, about, cell, score)


def _one_for_each_cell(found: Iterable[Suggestion]) -> list[Suggestion]:
    best: dict[Cell, Suggestion] = {}
    for one in found:
        best.setdefault(one.cell, one)
    return list(best.values())
