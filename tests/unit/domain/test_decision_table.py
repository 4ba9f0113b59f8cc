"""docs/decision-table.md says what decide() does: every row is tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaigns.domain.coverage import PRECEDENCE, Code, State, state_of
from campaigns.domain.decide import decide
from tests.unit.domain.situations import BEGIN, CHANGE, PREPARE, situation
from tests.unit.domain.snapshots import NOW

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "decision-table.md").read_text("utf-8")
HEADING = ["Case", "Given", "Coverage", "Effects"]

# Codes that a single look cannot reach from the plain visit, or that no look decides.
ELSEWHERE = {
    Code.WAITING_TO_RETRY,
    Code.OUTCOME_UNKNOWN,
    Code.CREDENTIALS_REJECTED,
}


@dataclass(frozen=True)
class Row:
    case: str
    given: list[str]
    coverage: str
    effects: list[str]


def words(cell: str) -> list[str]:
    return [word for word in cell.replace("`", " ").split() if word != "-"]


def rows() -> list[Row]:
    found = []
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells == HEADING or set(cells[0]) <= {"-"}:
            continue
        case, given, coverage, effects = cells
        found.append(Row(case, words(given), coverage.strip("`"), words(effects)))
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.case} [{' '.join(row.given)}]")
def test_the_row_is_true(row: Row) -> None:
    decision = decide(situation(row.given), NOW)
    assert decision.code.value == row.coverage
    assert [effect.kind.value for effect in decision.effects] == row.effects


def test_no_case_is_described_twice() -> None:
    given = [tuple(sorted(row.given)) for row in rows()]
    assert len(given) == len(set(given))


def test_every_code_has_a_row() -> None:
    shown = {Code(row.coverage) for row in rows()}
    assert set(Code) - shown == ELSEWHERE
    assert {state_of(code) for code in shown} == set(State)


def test_every_word_is_used() -> None:
    used = {word for row in rows() for word in row.given}
    assert used == set(PREPARE | BEGIN | CHANGE)


def test_the_order_of_reasons_is_the_ledgers() -> None:
    said = PAGE.split("the first of this order is shown:")[1].split("|")[0]
    assert re.findall(r"[a-z]+(?:_[a-z]+)+", said) == [code.value for code in PRECEDENCE]
