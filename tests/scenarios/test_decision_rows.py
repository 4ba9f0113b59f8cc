"""docs/decision-table.md once more, end to end: real HTTP, real intake, one look, both vendors.

tests/unit/domain/test_decision_table.py decides each row from facts. Here each row is brought
about at the simulated vendors, looked at once, and then carried out; the vendors' books judge.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.models import Effect
from integrations.models import Connection
from tests.scenarios.decision_books import HAPPENED, READS, at_most_once_each, kind_of, was_read
from tests.scenarios.decision_stage import Stage
from tests.scenarios.decision_words import (
    BEGIN,
    CHANGE,
    DESCRIBE,
    EARLIER,
    NO_NEWS,
    NOT_AT_A_VENDOR,
    staged,
)
from tests.scenarios.shared_clinic import SharedClinic
from tests.unit.domain.test_decision_table import Row, rows

TABLES = (DESCRIBE, EARLIER, BEGIN, CHANGE)
STAGED = [row for row in rows() if not NOT_AT_A_VENDOR.keys() & set(row.given)]


@pytest.mark.parametrize("row", STAGED, ids=lambda row: f"{row.case} [{' '.join(row.given)}]")
def test_the_row_is_true_at_the_vendors(ward: SharedClinic, row: Row) -> None:
    stage = staged(ward, row.given)
    _news_makes_a_look_due(stage)
    written, called = len(ward.writes()), len(ward.calls)
    code, waiting = ward.look(stage.visit)
    assert code == row.coverage
    assert sorted(waiting) == sorted(row.effects)
    assert len(ward.writes()) == written, "a look alone must not write"
    _nothing_is_sent_while_paused(stage, written)
    _run_to_the_end(stage)
    _judge(stage, [EffectKind(kind) for kind in row.effects], written, called)


def _news_makes_a_look_due(stage: Stage) -> None:
    """Whatever happened, nobody says what to do about it: the visit is to be looked at."""
    if stage.words and stage.words[-1] in CHANGE.keys() - NO_NEWS:
        due = stage.clinic.row(stage.visit).look_due_at
        assert due is not None and due <= database_now()


def _nothing_is_sent_while_paused(stage: Stage, written: int) -> None:
    for connection in Connection.objects.filter(paused_at__isnull=False):
        stage.clinic.sync()
        assert len(stage.clinic.writes()) == written
        stage.clinic.resume(connection.vendor)


def _run_to_the_end(stage: Stage) -> None:
    """What a process held when it died is leased to nobody any more; the rest is the loop's."""
    long_ago = database_now() - timedelta(hours=1)
    Effect.objects.filter(status=EffectStatus.CLAIMED).update(lease_until=long_ago)
    stage.clinic.sync()


def _judge(stage: Stage, kinds: list[EffectKind], written: int, called: int) -> None:
    writes = stage.clinic.writes()[written:]
    at_most_once_each(writes)
    for kind in kinds:
        if kind in READS:
            was_read(stage, kind, called)
            continue
        assert kind in [kind_of(write) for write in writes], writes
        HAPPENED[kind](stage)
    if not kinds:
        _nothing_more(stage, writes)


def _nothing_more(stage: Stage, writes: list[dict]) -> None:
    """For `-` the books stay as they were; or what was under way takes its course, and no more."""
    if not stage.under_way:
        assert writes == []
        return
    active = len(stage.clinic.active(stage.visit))
    assert active == (1 if stage.clinic.chart(stage.visit)["appointmentstatus"] == "f" else 0)


def test_every_word_of_the_page_is_staged_once() -> None:
    used = {word for row in rows() for word in row.given}
    words = [word for table in (*TABLES, NOT_AT_A_VENDOR) for word in table]
    assert len(words) == len(set(words)), "a word is staged in two ways"
    assert used - set(words) == set(), "nobody says how these come about at a vendor"
    assert set(words) - used == set(), "words that no row uses"


def test_what_cannot_be_staged_says_why() -> None:
    assert all(reason.endswith(".") for reason in NOT_AT_A_VENDOR.values())
    assert len(STAGED) > 0.9 * len(rows())
