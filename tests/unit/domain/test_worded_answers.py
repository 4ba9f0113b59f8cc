"""Label and words: what is written to the chart, and what the desk is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    EffectKind,
    EffectStatus,
    ReplyKind,
    ReplyOutcome,
    WorkItemKind,
)
from tests.unit.domain.snapshots import (
    NOW,
    START,
    a_consent,
    a_patient,
    a_reply,
    an_appointment,
    an_effect,
)
from tests.unit.domain.test_replies import answered, decided, items, later, outcomes, writes

CONFIRMED, CANCELLED = ReplyKind.CONFIRMED, ReplyKind.CANCELLED
MOVE = ReplyKind.RESCHEDULE_REQUESTED
WRITTEN = {
    CONFIRMED: EffectKind.WRITE_CONFIRMATION,
    CANCELLED: EffectKind.CANCEL_APPOINTMENT,
    MOVE: EffectKind.SCHEDULE_NOTE,
}


def heard(kind: ReplyKind, words: str, **fields: Any) -> Decision:
    return decided(a_reply(kind, words=words, **fields))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (CANCELLED, "No worries, see you then"),
        (CANCELLED, "Sí, ahí estaré"),
        (CANCELLED, "don't cancel"),
        (CANCELLED, "I'm not cancelling"),
        (CANCELLED, "C X"),
        (CANCELLED, "Can't come, can we do another day?"),
        (CANCELLED, "did you cancel my appointment?"),
        (CONFIRMED, "X"),
        (CONFIRMED, "no puedo ir"),
        (CONFIRMED, "No"),
        (CONFIRMED, "I can't confirm yet"),
        (CONFIRMED, "Yes but can we move it to another day"),
        (MOVE, "see you tomorrow"),
        (MOVE, "no need to reschedule"),
        (MOVE, "cancel it"),
    ],
)
def test_words_that_contradict_the_label_change_nothing_and_the_desk_is_asked(
    kind: ReplyKind, words: str
) -> None:
    decision = heard(kind, words)
    assert decision.effects == ()
    assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}
    assert items(decision) == [WorkItemKind.WORDS_DISAGREE]
    assert decision.code.value == "enrolled"


@pytest.mark.parametrize("kind", list(WRITTEN))
@pytest.mark.parametrize("words", ["", "1", "Is there parking?"])
def test_without_words_or_with_unknown_ones_the_label_counts(kind: ReplyKind, words: str) -> None:
    assert [effect.kind for effect in writes(heard(kind, words))] == [WRITTEN[kind]]


@pytest.mark.parametrize(
    ("kind", "words"), [(CONFIRMED, "Yes thanks"), (CANCELLED, "X"), (MOVE, "otro dia por favor")]
)
def test_words_that_agree_change_nothing(kind: ReplyKind, words: str) -> None:
    decision = heard(kind, words)
    assert [effect.kind for effect in writes(decision)] == [WRITTEN[kind]]
    assert WorkItemKind.WORDS_DISAGREE not in items(decision)


def test_what_the_desk_recorded_has_no_words() -> None:
    assert writes(heard(CANCELLED, "see you then", by_staff=True))


def test_the_question_stays_until_a_later_answer_counts() -> None:
    unclear = a_reply(CANCELLED, words="see you then", outcome=ReplyOutcome.FOR_STAFF)
    assert items(decided(unclear)) == [WorkItemKind.WORDS_DISAGREE]
    told = later(unclear, outcome=ReplyOutcome.PENDING, kind=CONFIRMED, words="", by_staff=True)
    decision = decided(unclear, told)
    assert items(decision) == []
    assert [effect.response_id for effect in writes(decision)] == [2]


@pytest.mark.parametrize(
    "over",
    [
        an_appointment(status=AppointmentStatus.CANCELLED),
        an_appointment(starts_at=START + timedelta(days=1)),
    ],
)
def test_the_question_leaves_when_the_visit_ends_or_moves(over: Any) -> None:
    unclear = a_reply(CANCELLED, words="see you then", outcome=ReplyOutcome.FOR_STAFF)
    assert items(decided(unclear, appointment=over)) == []


def test_what_nobody_understands_takes_nothing_back() -> None:
    clear = a_reply(CONFIRMED, words="C")
    unclear = later(clear, kind=CANCELLED, words="No worries, see you then")
    decision = decided(clear, unclear)
    assert [effect.response_id for effect in writes(decision)] == [1]
    assert outcomes(decision) == {2: ReplyOutcome.FOR_STAFF}


MORE = "C but please call me, my insurance changed"


def test_more_than_the_answer_is_told_beside_it() -> None:
    decision = heard(CONFIRMED, MORE)
    assert items(decision) == [WorkItemKind.MORE_IN_ANSWER]
    assert [effect.kind for effect in writes(decision)] == [EffectKind.WRITE_CONFIRMATION]


@pytest.mark.parametrize("outcome", [ReplyOutcome.APPLIED, ReplyOutcome.SUPERSEDED])
def test_it_stays_to_be_read_once_the_answer_is_written(outcome: ReplyOutcome) -> None:
    told = a_reply(CONFIRMED, words=MORE, outcome=outcome)
    assert items(decided(told, later(told, words="C"))) == [WorkItemKind.MORE_IN_ANSWER]
    moved = an_appointment(starts_at=START + timedelta(days=1))
    assert items(decided(told, appointment=moved)) == []
    assert items(decide(answered(told), START + timedelta(minutes=1)))[:1] == []


def test_it_stays_beside_the_cancellation_that_it_came_with() -> None:
    done = an_effect(
        EffectKind.CANCEL_APPOINTMENT, EffectStatus.ACCEPTED, response_id=1, attempts=1
    )
    decision = decided(
        a_reply(CANCELLED, words="X. Please call me about my test results"),
        appointment=an_appointment(status=AppointmentStatus.CANCELLED),
        effects=(done,),
    )
    assert WorkItemKind.MORE_IN_ANSWER in items(decision)


def test_a_wish_for_another_time_is_read_in_its_own_item() -> None:
    decision = heard(MOVE, "R, my insurance changed")
    assert items(decision) == [WorkItemKind.RESCHEDULE_REQUESTED]


class TestStop:
    """Intake has recorded the stop; a look says so, for as long as it is so."""

    def stopped(self, words: str, kind: ReplyKind = ReplyKind.UNRECOGNIZED, **more: Any) -> Any:
        reply = a_reply(kind, words=words, channel=Channel.SMS, **more)
        stop = replace(a_consent(Channel.SMS, at=reply.occurred_at), at_relatient=False)
        return reply, replace(a_patient(), consents=(stop,))

    def test_the_desk_is_told_of_the_stop_and_not_of_words_to_read(self) -> None:
        reply, patient = self.stopped("Stop. Thank you")
        decision = decided(reply, patient=patient)
        assert set(items(decision)) == {WorkItemKind.STOP_IN_WORDS}
        assert outcomes(decision) == {1: ReplyOutcome.FOR_STAFF}

    def test_it_leaves_when_they_still_want_texts(self) -> None:
        reply, patient = self.stopped("Stop", outcome=ReplyOutcome.FOR_STAFF)
        yes = a_consent(Channel.SMS, "opted_in", NOW)
        patient = replace(patient, consents=(*patient.consents, yes))
        assert items(decided(reply, patient=patient)) == []

    def test_without_a_record_of_it_nobody_says_that_texts_have_ended(self) -> None:
        reply, _ = self.stopped("Stop", outcome=ReplyOutcome.FOR_STAFF)
        assert items(decided(reply)) == []

    def test_a_label_beside_a_mere_stop_is_not_believed(self) -> None:
        reply, patient = self.stopped("STOP", CANCELLED)
        decision = decided(reply, patient=patient)
        assert writes(decision) == []
        assert set(items(decision)) == {WorkItemKind.STOP_IN_WORDS}

    def test_an_answer_beside_a_stop_counts(self) -> None:
        reply, patient = self.stopped("Yes, but no more texts", CONFIRMED)
        decision = decided(reply, patient=patient)
        assert [effect.kind for effect in writes(decision)] == [EffectKind.WRITE_CONFIRMATION]
        assert set(items(decision)) == {WorkItemKind.STOP_IN_WORDS}

    def test_whoever_is_not_the_patient_confirms_nothing(self) -> None:
        reply, patient = self.stopped("Yes? Wrong number", CONFIRMED)
        decision = decided(reply, patient=patient)
        assert writes(decision) == []
        assert WorkItemKind.STOP_IN_WORDS in items(decision)
