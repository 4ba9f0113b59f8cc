"""Reading a CSV file that staff made: every objection with the line it is about."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LineError:
    """What is wrong in which line of the file; the heading is line 1."""

    line: int
    message: str


@dataclass
class Changes:
    """How many rows an import touched."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        """Whether the mapping is another one now."""
        return bool(self.created or self.updated or self.removed)

    def count(self, kind: str) -> None:
        """One line more of a kind, which is the name of a field here."""
        setattr(self, kind, getattr(self, kind) + 1)


class BadCell(ValueError):
    """A cell that cannot be taken; the text says what can."""


@dataclass(frozen=True)
class Line:
    """One line's cells by column name, trimmed."""

    number: int
    cells: dict[str, str]

    def one_of(self, column: str, permitted: Collection[str]) -> str:
        """The cell in lower case, if it is one of the permitted words."""
        text = self.cells[column].lower()
        if text not in permitted:
            words = ", ".join(word or "empty" for word in permitted)
            raise BadCell(f"{column} {text!r}: permitted are {words}")
        return text

    def flag(self, column: str, empty: bool) -> bool:
        """The cell as true or false; `empty` is what nothing means."""
        text = self.one_of(column, ("true", "false", ""))
        return text == "true" if text else empty


class BadHeading(ValueError):
    """The file cannot be read at all: it is no CSV, or its heading is another one."""


def lines_of(text: str, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Line]:
    """The lines of a file with this heading; raises BadHeading before the first one."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        _check(heading, required, optional)
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _line(reader.line_num, heading, row, optional)
    except csv.Error as error:
        raise BadHeading(f"line {reader.line_num} is not CSV: {error}") from error


def _check(heading: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    expected = ",".join([*required, *optional])
    missing = [name for name in required if name not in heading]
    unknown = [name for name in heading if name not in (*required, *optional)]
    if missing or unknown or len(set(heading)) != len(heading):
        raise BadHeading(f"the heading must be {expected}")


def _line(number: int, heading: list[str], row: list[str], optional: Sequence[str]) -> Line:
    cells = dict.fromkeys(optional, "")
    cells |= dict(zip(heading, (cell.strip() for cell in row), strict=False))
    # A short or long row is kept as a line, so that its error carries its number.
    if len(row) != len(heading):
        cells = {"": f"{len(row)} cells where {len(heading)} are needed"}
    return Line(number, cells)


def shape_of(line: Line) -> None:
    """Refuse a line with too few or too many cells."""
    if "" in line.cells:
        raise BadCell(line.cells[""])


def written(heading: Sequence[str], rows: Collection[Sequence[object]]) -> str:
    """Rows as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return out.getvalue()
