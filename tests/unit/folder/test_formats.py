"""Rows survive both formats, and one bad line takes no other with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.folder import formats
from integrations.folder.formats import BadLine, ReadLine, Unreadable

COLUMNS = ("event", "enrollment_id", "text")
# What a cell may hold: the spaces around it are nobody's, and some characters no database stores.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
ROWS = st.lists(
    st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS))
    .map(lambda row: {name: cell.strip() for name, cell in row.items() if cell.strip()})
    .filter(bool),
    max_size=5,
)


@given(ROWS, st.sampled_from([formats.CSV, formats.JSON_LINES]))
def test_what_is_written_is_read_back(rows: list[dict[str, str]], ending: str) -> None:
    content = formats.written(rows, COLUMNS, ending)
    lines = list(formats.read(content, ending, "event"))
    assert lines == [ReadLine(line.number, row) for line, row in zip(lines, rows, strict=True)]


def test_a_bad_line_is_told_with_its_number_and_the_others_go_on() -> None:
    content = b'{"event": "confirmed"}\n\nnonsense\n{"event": ["a"]}\n[1]\n{"event": "failed"}\n'
    lines = list(formats.read(content, formats.JSON_LINES, "event"))
    assert [(line.number, isinstance(line, BadLine)) for line in lines] == [
        (1, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
    ]


def test_a_csv_line_with_too_many_cells_or_open_quotes_is_bad() -> None:
    content = b'event,text\nconfirmed,"two\nlines"\nfailed,a,b\nfailed,"a"b\ncompleted,x\n'
    lines = list(formats.read(content, formats.CSV, "event"))
    assert [(line.number, isinstance(line, BadLine)) for line in lines] == [
        (2, False),
        (4, True),
        (5, True),
        (6, False),
    ]


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"\xff\xfe", formats.CSV),
        (b"\xff\xfe", formats.JSON_LINES),
        (b"confirmed,enr_1\n", formats.CSV),
        (b"event,event\n", formats.CSV),
    ],
)
def test_a_file_that_is_none_of_these_is_refused_as_a_whole(content: bytes, ending: str) -> None:
    with pytest.raises(Unreadable):
        list(formats.read(content, ending, "event"))
