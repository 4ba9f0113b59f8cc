"""The visits of the work list as they leave Kept: sheets of paper, and lines of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaigns.models import Appointment, Practice
from campaigns.reference.names import Names
from campaigns.worklist.queries import unconfirmed, with_row_data
from campaigns.worklist.rows import Row, rows_of

AT_ONCE = 500
NOBODY = "No provider named"
COLUMNS = (
    "Date",
    "Time",
    "Time zone",
    "Patient",
    "Ask for",
    "Phone",
    "Language",
    "Visit",
    "Provider",
    "Department",
    "Why it is here",
)
# What makes a spreadsheet take a cell for a formula; also behind spaces, which some ignore.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BREAKS = ("\t", "\r", "\n")


@dataclass(frozen=True)
class Sheet:
    """One provider's visits, soonest first."""

    provider: str
    rows: tuple[Row, ...]


def sheets_of(
    visits: QuerySet[Appointment], practice: Practice, names: Names, now: datetime
) -> list[Sheet]:
    """One sheet per provider by name; a visit with several is on the first one's."""
    shown = list(with_row_data(visits))
    by_provider: dict[str, list[Row]] = {}
    for visit, row in zip(shown, rows_of(shown, practice, names, now), strict=True):
        ids = visit.provider_external_ids
        name = names.providers.get(ids[0], f"provider {ids[0]}") if ids else NOBODY
        by_provider.setdefault(name, []).append(row)
    ordered = sorted(by_provider.items(), key=lambda pair: (pair[0] == NOBODY, pair[0].casefold()))
    return [Sheet(provider, tuple(rows)) for provider, rows in ordered]


def lines_of(
    ids: list[int], practice: Practice, names: Names, now: datetime
) -> Iterator[list[str]]:
    """The visits with these ids, in their order, as lines of COLUMNS; AT_ONCE are read at a time.

    A visit that was confirmed since its id was read is left out.
    """
    for start in range(0, len(ids), AT_ONCE):
        some = unconfirmed(practice, now).filter(pk__in=ids[start : start + AT_ONCE])
        for row in rows_of(with_row_data(some), practice, names, now):
            yield [guarded(cell) for cell in _cells(row, practice)]


def guarded(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_BREAKS) or cell.lstrip().startswith(_FORMULA) else cell


def _cells(row: Row, practice: Practice) -> tuple[str, ...]:
    visit, contact = row.visit, row.contact
    reasons = [*(f"{item.title}: {item.sentence}" for item in row.items), *row.reasons]
    return (
        visit.date.isoformat(),
        visit.time,
        visit.zone or practice.time_zone,
        contact.name,
        contact.ask_for,
        " / ".join(f"{phone.shown} ({phone.kind})" for phone in contact.phones),
        contact.language,
        visit.kind,
        visit.provider,
        visit.department,
        " ".join(reasons),
    )
