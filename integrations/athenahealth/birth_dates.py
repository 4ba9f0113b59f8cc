"""What a date of birth may mean that athenahealth does not write as it should: MM/DD/YYYY.

People and imports type every other form (contract section 5). Who is a child must not hang on a
guess, so every reading is kept, and whoever decides goes by what is so in all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import permutations

from integrations.athenahealth.times import EARLIEST_YEAR

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Two digits of a year stand for either century in which somebody alive may be born.
CENTURIES = (1900, 2000)
_PARTS = re.compile(r"\d+|[a-z]+")
_TIME = re.compile(r"[t\s]\d{1,2}:\d{2}.*$")


def readings(text: str) -> tuple[date, ...]:
    """Every date that a text may mean, oldest first; none where it can mean no date at all."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    parts = _PARTS.findall(_TIME.sub("", plain))
    found = {day for part in _split(parts) for day in _dates(part)}
    return tuple(sorted(day for day in found if day.year >= EARLIEST_YEAR))


def _split(parts: list[str]) -> Iterator[tuple[str, ...]]:
    """The three parts of a date; eight digits in a row may be cut in either way."""
    known = [part for part in parts if part.isdigit() or part[:3] in MONTHS]
    if len(known) == 3:
        yield tuple(known)
    elif len(known) == 1 and known[0].isdigit() and len(known[0]) == 8:
        digits = known[0]
        yield digits[:4], digits[4:6], digits[6:]
        yield digits[:2], digits[2:4], digits[4:]
    elif len(known) == 1 and known[0].isdigit() and len(known[0]) == 6:
        digits = known[0]
        yield digits[:2], digits[2:4], digits[4:]


def _dates(parts: tuple[str, ...]) -> Iterator[date]:
    """Each order of year, month and day that makes a date."""
    for year, month, day in permutations(parts):
        for number in _years(year):
            named = _month(month)
            if named and day.isdigit() and len(day) <= 2:
                try:
                    yield date(number, named, int(day))
                except ValueError:
                    continue


def _month(part: str) -> int:
    if not part.isdigit():
        return MONTHS.index(part[:3]) + 1
    return int(part) if len(part) <= 2 else 0


def _years(part: str) -> list[int]:
    if not part.isdigit():
        return []
    if len(part) == 4:
        return [int(part)]
    return [century + int(part) for century in CENTURIES] if len(part) <= 2 else []
