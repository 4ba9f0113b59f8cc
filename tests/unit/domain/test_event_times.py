"""What is dated ahead of its receipt counts as received: the future never wins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.consents import refusal
from campaigns.domain.decide import decide
from campaigns.domain.event_times import TOLERANCE, when_said
from campaigns.domain.snapshot import Consent
from campaigns.domain.values import Channel, EffectKind, ReplyKind
from tests.unit.domain.snapshots import MOBILE, NOW, a_patient, a_reply
from tests.unit.domain.test_replies import answered

SECONDS = st.integers(-86_400, 86_400 * 400).map(lambda much: timedelta(seconds=much))


@pytest.mark.parametrize("ahead", [timedelta(hours=26), timedelta(minutes=5, seconds=1)])
def test_a_date_ahead_of_the_receipt_is_not_believed(ahead: timedelta) -> None:
    assert when_said(NOW + ahead, NOW) == NOW


@pytest.mark.parametrize("off", [timedelta(), timedelta(minutes=5), -timedelta(days=3)])
def test_clocks_may_differ_and_news_may_be_late(off: timedelta) -> None:
    assert when_said(NOW + off, NOW) == NOW + off


@given(dated=SECONDS, late=SECONDS)
def test_nothing_counts_as_said_long_after_it_was_received(
    dated: timedelta, late: timedelta
) -> None:
    said = when_said(NOW + dated, NOW + late)
    assert said <= NOW + late + TOLERANCE
    assert said in (NOW + dated, NOW + late)


@given(
    before=st.lists(st.tuples(st.sampled_from(["opted_in", "opted_out"]), SECONDS), max_size=5),
    data=st.data(),
)
def test_a_stop_of_now_ends_the_texts_whatever_came_before_and_however_it_was_dated(
    before: list[tuple[str, timedelta]], data: st.DataObject
) -> None:
    """Each word was received ten minutes after the one before; the stop came last."""
    words, at = [], NOW
    for seq, (state, ahead) in enumerate(before):
        words.append(Consent(Channel.SMS, state, when_said(at + ahead, at), seq))
        at += timedelta(minutes=10)
    words.append(Consent(Channel.SMS, "opted_out", when_said(at, at), len(words)))
    stored = data.draw(st.permutations(words))
    assert refusal(a_patient(consents=tuple(stored)), Channel.SMS, MOBILE)


def test_a_confirmation_dated_days_ahead_does_not_beat_the_cancellation_of_now() -> None:
    received = NOW - timedelta(minutes=20)
    said = when_said(received + timedelta(days=3), received)
    ahead = a_reply(ReplyKind.CONFIRMED, occurred_at=said)
    real = a_reply(ReplyKind.CANCELLED, id=2, seq=2, occurred_at=NOW - timedelta(minutes=5))
    decision = decide(answered(ahead, real), NOW)
    assert [effect.kind for effect in decision.effects] == [EffectKind.CANCEL_APPOINTMENT]
