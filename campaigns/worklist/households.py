"""Families on one day of the work list: who is reached at the same number is called once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from campaigns.phone_calls.contact import Phone
from campaigns.worklist.rows import Row

# Colleagues who share the number of their office are no family.
_SHARED_BY_STRANGERS = "work"


@dataclass(frozen=True)
class Block:
    """Rows that stand together; a family has a heading and the number for the one call."""

    rows: tuple[Row, ...]
    heading: str = ""
    ask_for: str = ""
    phone: Phone | None = None


@dataclass(frozen=True)
class Day:
    """One day of the list in the order of time, but each family together, at its first visit's
    place.
    """

    title: str
    blocks: tuple[Block, ...]


def days_of(rows: Iterable[Row], private: Collection[int]) -> list[Day]:
    """The rows by day and family. `private` are the visits of confidential types (by id).

    These are never put under a family's heading: the family may not know of them.
    """
    by_day = groupby(rows, lambda row: row.visit.day)
    return [Day(title, tuple(_blocks(list(group), private))) for title, group in by_day]


def _blocks(rows: list[Row], private: Collection[int]) -> Iterator[Block]:
    for family, groups in groupby(_groups(rows, private), lambda group: len(group) > 1):
        if family:
            yield from (_family(group) for group in groups)
        else:
            yield Block(tuple(row for group in groups for row in group))


def _groups(rows: list[Row], private: Collection[int]) -> list[list[Row]]:
    """Rows connected by a number, each group at the place of its first row."""
    leader = list(range(len(rows)))

    def first(place: int) -> int:
        while leader[place] != place:
            place = leader[place]
        return place

    owner: dict[str, int] = {}
    for place, row in enumerate(rows):
        if row.visit.id in private:
            continue
        for number in _numbers(row):
            other = first(owner.setdefault(number, place))
            mine = first(place)
            leader[max(mine, other)] = min(mine, other)
    groups: dict[int, list[Row]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(first(place), []).append(row)
    return list(groups.values())


def _numbers(row: Row) -> list[str]:
    return [p.number for p in row.contact.phones if p.kind != _SHARED_BY_STRANGERS]


def _family(rows: list[Row]) -> Block:
    one_person = len({row.contact.name for row in rows}) == 1
    ask_for = next((row.contact.ask_for for row in rows if row.contact.ask_for), "")
    return Block(
        rows=tuple(rows),
        heading="Same patient: call once" if one_person else "Family: call once",
        ask_for=ask_for,
        phone=_most_shared(rows),
    )


def _most_shared(rows: list[Row]) -> Phone | None:
    """The number under which most of them are reached, the first such."""
    phones = [p for row in rows for p in row.contact.phones if p.kind != _SHARED_BY_STRANGERS]
    numbers = [phone.number for phone in phones]
    return max(phones, key=lambda phone: numbers.count(phone.number), default=None)
