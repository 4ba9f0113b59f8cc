"""Rows as CSV and as JSON lines, both directions. Pure.

A row is a mapping of column names to texts; an empty text and a missing column are the same. A
line that cannot be read is told with its number, and the others go on.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations.transport.response import IN_ITS_PLACE, UNSTORABLE, NotJson, parse_json

CSV, JSON_LINES = "csv", "jsonl"
# The endings of files that are read, each with its format.
READ = {".csv": CSV, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}
LONGEST_LINE = 64 * 1024
Row = Mapping[str, str]

NOT_TEXT = "The file is not text in UTF-8. Save it as UTF-8 and drop it again."
TOO_LONG = "the line is too long."
NO_HEADER = "the first line must name the columns, such as event,enrollment_id."


@dataclass(frozen=True)
class ReadLine:
    """One line, by its number in the file (from 1), and the row that it holds."""

    number: int
    row: Row


@dataclass(frozen=True)
class BadLine:
    """A line that holds no row: what stands there, and why it cannot be read."""

    number: int
    raw: str
    problem: str


class Unreadable(Exception):
    """The whole file cannot be read. The text is a sentence and quotes none of it."""


def written(rows: Sequence[Row], columns: Sequence[str], ending: str) -> bytes:
    """Rows as the content of a file, with all the columns in CSV and the given ones in JSON."""
    if ending == CSV:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    lines = [{name: row[name] for name in columns if row.get(name)} for row in rows]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def read(content: bytes, ending: str, needed: str) -> Iterator[ReadLine | BadLine]:
    """The lines of a file, blank ones left out; Unreadable for what is no such file at all.

    `needed` is a column that a CSV file must have to be one of these.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(NOT_TEXT) from None
    return _read_csv(text, needed) if ending == CSV else _read_json_lines(text)


def _read_json_lines(text: str) -> Iterator[ReadLine | BadLine]:
    # Not splitlines, which also splits at characters that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        yield _json_line(number, line)


def _json_line(number: int, line: str) -> ReadLine | BadLine:
    if len(line) > LONGEST_LINE:
        return BadLine(number, line[:LONGEST_LINE], TOO_LONG)
    try:
        value = parse_json(line.encode())
    except NotJson:
        return BadLine(number, line, "this is not one JSON object.")
    if not isinstance(value, dict):
        return BadLine(number, line, "this is not one JSON object.")
    row = {name: _text(held) for name, held in value.items()}
    odd = any(held is None for held in row.values())
    if odd:
        return BadLine(number, line, "a field holds a list or an object where a text belongs.")
    return ReadLine(number, _tidy({name: held or "" for name, held in row.items()}))


def _text(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _read_csv(text: str, needed: str) -> Iterator[ReadLine | BadLine]:
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield BadLine(first, _between(lines, first, reader.line_num), "this is not CSV.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = [cell.strip().lower() for cell in cells]
            if needed not in columns or len(set(columns)) < len(columns):
                raise Unreadable(f"Line {first}: {NO_HEADER}")
            continue
        raw = _between(lines, first, reader.line_num)
        yield _csv_line(first, cells, columns, raw)


def _csv_line(number: int, cells: list[str], columns: list[str], raw: str) -> ReadLine | BadLine:
    if len(raw) > LONGEST_LINE:
        return BadLine(number, raw[:LONGEST_LINE], TOO_LONG)
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        return BadLine(number, raw, "there are more cells than columns.")
    return ReadLine(number, _tidy(dict(zip(columns, cells, strict=False))))


def _between(lines: list[str], first: int, last: int) -> str:
    return "\n".join(lines[first - 1 : max(first, last)])[:LONGEST_LINE]


def _tidy(row: Row) -> Row:
    """Without empty cells, and with nothing that a database cannot store."""
    held = {name: UNSTORABLE.sub(IN_ITS_PLACE, value).strip() for name, value in row.items()}
    return {name: value for name, value in held.items() if value}
