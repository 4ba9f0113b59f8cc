"""Finding somebody on the work list by name or number.

Names and numbers are encrypted, so the database cannot look for them: the rows of the list are
opened one by one. That is some thousand at most, since a list covers a few days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from campaigns.domain.same_text import plain_words
from campaigns.models import Appointment, WorkItem
from campaigns.worklist.queries import WorkListView

ENOUGH_DIGITS = 3
ENOUGH_TEXT = 2
_DIGITS_APART = re.compile(r"[\s().+-]")
_NAMES = ("name", "first_name", "preferred_name", "last_name")
_NUMBERS = ("mobile_phone", "home_phone", "work_phone")


def too_short(text: str) -> bool:
    """Whether a search would find nearly everybody."""
    digits = _digits(text)
    return len(digits) < ENOUGH_DIGITS if digits else len(text.strip()) < ENOUGH_TEXT


def found(everything: WorkListView, text: str) -> WorkListView:
    """The rows whose patient, or the grown-up to call, has this name or number; three
    queries.
    """
    return WorkListView(
        everything.visits.filter(pk__in=_matching(everything.visits, "", text)),
        everything.items.filter(pk__in=_matching(everything.items, "appointment__", text)),
        everything.replies.filter(pk__in=_matching(everything.replies, "appointment__", text)),
    )


def _matching(rows: QuerySet[Appointment] | QuerySet[WorkItem], path: str, text: str) -> list[int]:
    patients = rows.order_by().values_list("pk", f"{path}patient__name", f"{path}patient__record")
    digits, words = _digits(text), plain_words(text)
    return [pk for pk, name, record in patients if _fits(name, record or {}, digits, words)]


def _fits(name: str, record: dict[str, Any], digits: str, words: list[str]) -> bool:
    people = [record, record.get("guarantor") or {}, record.get("emergency") or {}]
    if digits:
        return any(digits in _only_digits(person.get(n)) for person in people for n in _NUMBERS)
    names = [name, *(" ".join(str(p.get(n) or "") for n in _NAMES) for p in people)]
    return any(_begins(plain_words(one), words) for one in names)


def _begins(names: Iterable[str], words: list[str]) -> bool:
    """Each word begins a part of the name, in any order: "del ro" finds Rosa Delgado."""
    parts = list(names)
    return all(any(part.startswith(word) for part in parts) for word in words)


def _digits(text: str) -> str:
    """The digits of a number; empty when the text is a name."""
    bare = _DIGITS_APART.sub("", text)
    digits = bare if bare.isdigit() else ""
    # Numbers are on file without the country's 1.
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _only_digits(number: object) -> str:
    return re.sub(r"\D", "", str(number or ""))
