"""An enrollment's life, transition by transition, and the delay between tries."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.backoff import delay_seconds
from campaigns.domain.enrollment_states import LIVE, REMINDING, TRANSITIONS, may_become
from campaigns.domain.values import EnrollmentStatus as S

# Every step there is: all others are impossible.
STEPS = {
    (S.WANTED, S.ENROLLING),
    (S.WANTED, S.CANCELLED),
    (S.ENROLLING, S.WANTED),
    (S.ENROLLING, S.ACTIVE),
    (S.ENROLLING, S.COMPLETED),
    (S.ENROLLING, S.CANCELLED),
    (S.ENROLLING, S.FAILED),
    (S.ACTIVE, S.COMPLETED),
    (S.ACTIVE, S.CANCELLING),
    (S.ACTIVE, S.CANCELLED),
    (S.CANCELLING, S.CANCELLED),
    (S.CANCELLING, S.COMPLETED),
    (S.CANCELLING, S.ACTIVE),
    (S.COMPLETED, S.CANCELLING),
    (S.COMPLETED, S.CANCELLED),
}


@pytest.mark.parametrize(("now", "then"), list(product(S, S)))
def test_the_table_allows_these_steps_and_staying(now: S, then: S) -> None:
    assert may_become(now, then) is (now == then or (now, then) in STEPS)


def test_the_table_speaks_of_every_status() -> None:
    assert set(TRANSITIONS) == set(S)


@pytest.mark.parametrize("status", [S.CANCELLED, S.FAILED])
def test_what_is_over_stays_over(status: S) -> None:
    assert not TRANSITIONS[status]
    assert status not in LIVE | REMINDING


def test_a_live_one_can_always_end() -> None:
    for status in LIVE:
        assert TRANSITIONS[status] & {S.CANCELLED, S.COMPLETED, S.FAILED}


@pytest.mark.parametrize(
    ("attempts", "expected"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 300), (500, 300)]
)
def test_delays_double_up_to_the_ceiling(attempts: int, expected: float) -> None:
    assert delay_seconds(attempts, base=30, ceiling=300, jitter=1) == expected


@given(st.integers(0, 10_000), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 86_400)))
def test_jitter_spreads_over_the_upper_half_and_a_named_time_is_kept(
    attempts: int, jitter: float, asked: float | None
) -> None:
    full = delay_seconds(attempts, base=30, ceiling=300, jitter=1)
    delay = delay_seconds(attempts, base=30, ceiling=300, jitter=jitter, asked=asked)
    assert delay >= max(full / 2, asked or 0)
    assert delay <= max(full, asked or 0)
