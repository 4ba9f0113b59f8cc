"""Lists in pages that move, go in circles, or point somewhere else."""

from datetime import UTC, datetime

import pytest

from campaigns.ports import TryLater
from integrations.athenahealth import paging

NEXT = "/v1/195900/departments?LIMIT=2&OFFSET={}"


class Script:
    """Answers the reads in turn, and remembers what was asked."""

    def __init__(self, *bodies):
        self.bodies = list(bodies)
        self.asked = []

    def read(self, template, params=None, *, task, **ids):
        self.asked.append((template, params))
        return self.bodies.pop(0)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch):
    monkeypatch.setattr(paging, "database_now", lambda: datetime(2026, 6, 1, tzinfo=UTC))


def _rows(*ids):
    return [{"id": one} for one in ids]


def _read(script):
    return paging.rows(script, "/things", "things", id_field="id", params={"limit": 2}, task="read")


def test_pages_follow_the_vendors_link_in_its_own_letters():
    script = Script(
        {"totalcount": 3, "things": _rows(1, 2), "next": NEXT.format(2)},
        {"totalcount": "3", "things": _rows("3")},
    )
    assert [row["id"] for row in _read(script)] == [1, 2, "3"]
    assert script.asked[1] == ("/things", {"LIMIT": ["2"], "OFFSET": ["2"]})


def test_a_link_to_another_host_leads_nowhere_else():
    script = Script(
        {"things": _rows(1), "next": "https://evil.example/v1/other?OFFSET=1"},
        {"things": _rows(2)},
    )
    assert len(_read(script)) == 2
    assert {template for template, _ in script.asked} == {"/things"}


def test_a_row_that_slid_onto_the_next_page_is_taken_once():
    script = Script(
        {"totalcount": 3, "things": _rows(1, 2), "next": NEXT.format(2)},
        {"totalcount": 3, "things": _rows(2, 3)},
    )
    assert _read(script) == _rows(1, 2, 3)


def test_a_row_that_changed_meanwhile_is_taken_again():
    script = Script(
        {"things": [{"id": 1, "status": "f"}], "next": NEXT.format(1)},
        {"things": [{"id": 1, "status": "x"}]},
    )
    assert [row["status"] for row in _read(script)] == ["f", "x"]


def test_a_list_with_rows_missing_is_read_once_more():
    short = {"totalcount": 3, "things": _rows(1, 3)}
    script = Script(short, {"totalcount": 3, "things": _rows(1, 2, 3)})
    assert _read(script) == _rows(1, 3, 2)


def test_a_total_that_is_never_reached_is_not_chased():
    short = {"totalcount": 9, "things": _rows(1)}
    script = Script(short, short)
    assert _read(script) == _rows(1)
    assert script.bodies == []


def test_a_link_in_a_circle_ends():
    same = {"things": _rows(1), "next": NEXT.format(0)}
    script = Script(same, same)
    assert _read(script) == _rows(1)


def test_a_bare_list_and_an_unknown_plural_are_understood():
    assert _read(Script(_rows(1))) == _rows(1)
    assert _read(Script({"stuff": _rows(1)})) == _rows(1)
    assert _read(Script({"totalcount": 0})) == []


@pytest.mark.parametrize("body", [None, "text", 7, {}, {"a": [], "b": []}])
def test_what_is_no_list_is_asked_again(body):
    with pytest.raises(TryLater):
        _read(Script(body))
