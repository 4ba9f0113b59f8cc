"""Whose word counts for whom: the number or address that it was said from, then the patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.consents import NO, YES, refusal, to_tell
from campaigns.domain.snapshot import Consent, PatientFacts
from campaigns.domain.values import Channel
from tests.unit.domain.snapshots import NOW, a_patient

HERS, HIS = "+16172267043", "+16172267044"


def word(state: str, minute: int = 0, reach: str = HERS, **fields: object) -> Consent:
    return Consent(Channel.SMS, state, NOW + timedelta(minutes=minute), reach=reach, **fields)


def of_another(state: str, minute: int = 0, reach: str = HERS) -> Consent:
    return word(state, minute, reach, own=False)


def knowing(*words: Consent, **told: Consent) -> PatientFacts:
    return a_patient(
        consents=words, told={Channel(channel): said for channel, said in told.items()}
    )


def refused(*words: Consent, at: str = HERS) -> bool:
    return refusal(knowing(*words), Channel.SMS, at) is not None


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ([word(NO)], True),
        ([word(NO), word(YES, 1)], False),
        ([word(YES), word(NO, 1)], True),
        # In the same second nothing tells which came last.
        ([word(YES), word(NO)], True),
        # A no belongs to the number, whoever the reminder was about that it answered.
        ([of_another(NO)], True),
        ([of_another(NO), word(YES, 1)], False),
        ([word(NO), of_another(YES, 1)], False),
        # A yes from another number does not end it.
        ([of_another(NO), word(YES, 1, HIS)], True),
        ([of_another(NO), of_another(YES, 1, HIS)], True),
        # A no from another number of somebody else's says nothing here.
        ([of_another(NO, reach=HIS)], False),
        # A patient's own no goes with them to another number, until a yes from where it came.
        ([word(NO, reach=HIS)], True),
        ([word(NO, reach=HIS), of_another(YES, 1, HIS)], False),
        ([word(NO, reach=HIS), word(YES, 1)], False),
        # Nobody knows from where: it is the patient's alone.
        ([word(NO, reach="")], True),
        ([word(NO, reach=""), word(YES, 1, "")], False),
    ],
)
def test_a_no_holds_until_a_later_yes_from_the_same_number(words: list[Consent], out: bool) -> None:
    assert refused(*words) is out
    assert refused(*reversed(words)) is out


def test_an_address_is_the_same_in_any_spelling() -> None:
    said = Consent(Channel.EMAIL, NO, NOW, reach="Ida@Example.org", own=False)
    assert refusal(knowing(said), Channel.EMAIL, "ida@example.org")
    assert not refusal(knowing(said), Channel.EMAIL, "ida@example.com")
    assert not refusal(knowing(said), Channel.SMS, HERS)


WORDS = st.lists(
    st.builds(
        word,
        st.sampled_from([YES, NO]),
        st.integers(-5, 5),
        st.sampled_from([HERS, HIS, ""]),
        own=st.booleans(),
    ),
    max_size=6,
)


@given(WORDS, st.randoms(use_true_random=False))
def test_the_order_in_which_words_become_known_never_matters(words: list[Consent], dice) -> None:
    shuffled = list(words)
    dice.shuffle(shuffled)
    assert refused(*shuffled) is refused(*words)


@given(WORDS)
def test_a_no_now_is_obeyed_and_a_yes_now_from_the_number_ends_it(words: list[Consent]) -> None:
    for own in (True, False):
        assert refused(*words, word(NO, 9, own=own))
    assert not refused(*words, word(NO, 9), of_another(YES, 10))


@given(WORDS)
def test_nobody_is_texted_at_a_number_whose_newest_word_is_a_no(words: list[Consent]) -> None:
    there = [one for one in words if one.reach == HERS]
    if there and max(there, key=lambda one: (one.at, one.state == NO)).state == NO:
        assert refused(*words)


class TestRelatientsRecord:
    """It hears of every no that holds; of a yes only where it ends what Kept wrote."""

    def told(self, patient: PatientFacts) -> dict[Channel, str]:
        reach = {Channel.SMS: HERS, Channel.EMAIL: "ada@example.org", Channel.VOICE: None}
        return {channel: said.state for channel, said in to_tell(patient, reach)}

    def test_a_no_of_another_at_the_same_number_is_told(self) -> None:
        assert self.told(knowing(of_another(NO))) == {Channel.SMS: NO}
        assert self.told(knowing(of_another(NO), sms=word(NO, 1))) == {}

    def test_a_no_at_one_of_the_places_where_the_visits_write_to_is_told(self) -> None:
        mother, own = {Channel.SMS: HERS}, {Channel.SMS: HIS}
        for places in ((mother, own), (own, mother)):
            ((channel, said),) = to_tell(knowing(of_another(NO)), *places)
            assert (channel, said.state) == (Channel.SMS, NO)
            assert not list(to_tell(knowing(of_another(NO), sms=word(NO, 1)), *places))

    def test_a_no_that_relatient_reported_itself_is_not(self) -> None:
        assert self.told(knowing(word(NO))) == {}

    def test_a_no_that_kept_read_in_an_answer_is(self) -> None:
        said = word(NO, at_relatient=False)
        assert self.told(knowing(said)) == {Channel.SMS: NO}
        assert self.told(knowing(said, word(YES, 2, at_relatient=False), sms=word(NO, 1))) == {
            Channel.SMS: YES
        }

    def test_our_no_is_taken_back_and_the_patients_own_never(self) -> None:
        ended = of_another(NO), of_another(YES, 2)
        assert self.told(knowing(*ended, sms=word(NO, 1))) == {Channel.SMS: YES}
        assert self.told(knowing(*ended, sms=word(YES, 3))) == {}
        assert self.told(knowing(word(NO), of_another(YES, 2))) == {}
        # They said it themselves after we had written it.
        assert self.told(knowing(*ended, word(NO, 1.5), sms=word(NO, 1))) == {}

    @given(WORDS)
    def test_what_was_told_is_not_told_again(self, words: list[Consent]) -> None:
        patient = knowing(*words)
        reach = {Channel.SMS: HERS}
        for minute in (20, 21):
            done = {
                channel: Consent(channel, said.state, NOW + timedelta(minutes=minute))
                for channel, said in to_tell(patient, reach)
            }
            patient = replace(patient, told={**patient.told, **done})
        assert not list(to_tell(patient, reach))
