"""What patients write, each text with its right reading; and how often the desk is called for
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.decide import decide
from campaigns.domain.reply_reading import Reading, plain, read_answer
from campaigns.domain.reply_words import PHRASES
from campaigns.domain.values import ReplyKind
from tests.unit.domain.snapshots import NOW, START, a_reply, an_appointment, enrolled

CONFIRM, CANCEL = ReplyKind.CONFIRMED, ReplyKind.CANCELLED
MOVE = ReplyKind.RESCHEDULE_REQUESTED

# Friendly confirmations and ordinary remarks, as they come back to reminders: the text, and
# whether it goes further than the chart. The visit is on Monday, March 9th, at 2 in the afternoon,
# with Dr. Okafor, and the patient answers a week before.
HARMLESS: list[tuple[str, str]] = [
    ("C", ""),
    ("c.", ""),
    ("Yes", ""),
    ("Yes thanks", ""),
    ("YES!!! 😊", ""),
    ("Yesss", ""),
    ("Y", ""),
    ("Ok", ""),
    ("Okay thank you so much", ""),
    ("👍🏽", ""),
    ("1", ""),
    ("Confirmed", ""),
    ("I confirm my appointment, thank you", ""),
    ("Yes I’ll be there", ""),
    ("We will be there. Thanks for the reminder!", ""),
    ("No worries, see you then", ""),
    ("No problem, see you Monday", ""),
    ("See you Monday at 2pm", ""),
    ("Yes, March 9th at 2:00", ""),
    ("Confirming for Ada", ""),
    ("Thanks Dr. Okafor", ""),
    ("Great! Have a great day", ""),
    ("Can't wait!", ""),
    ("Looking forward to it", ""),
    ("God bless you all", ""),
    ("Never mind, I'll be there", ""),
    ("No questions, thank you", ""),
    ("Sí, gracias", ""),
    ("Si gracias", ""),
    ("Confirmo mi cita, muchas gracias", ""),
    ("Ahí estaré, Dios los bendiga", ""),
    ("Claro que sí, nos vemos", ""),
    ("De acuerdo, muy amable", ""),
    ("No se preocupe, ahi nos vemos", ""),
    ("Sí, el lunes a las 2", ""),
    # These say something that somebody has to read, though the visit stands.
    ("Yes, running 10 min late", "more"),
    ("Yes. Is there parking?", "more"),
    ("Confirmed, my mom will drive me", "more"),
    ("See you Thursday", "more"),
    ("Yes I'll stop by the lab before", "more"),
    # And here the table is more careful than a person would be.
    ("No need to reschedule, see you then", "asked"),
    ("Thanks for rescheduling, see you then", "asked"),
    ("Hopefully I will be there", "asked"),
]
# The desk is called for so many of them: five to read more, three because the words are unclear.
CALLED_FOR_HARMLESS = 8

SAYS: list[tuple[str, set[ReplyKind]]] = [
    ("X", {CANCEL}),
    ("x please", {CANCEL}),
    ("CANCEL", {CANCEL}),
    ("Please cancel my appointment", {CANCEL}),
    ("Yes, please cancel", {CANCEL}),
    ("No, cancel it", {CANCEL}),
    ("No", {CANCEL}),
    ("No thanks", {CANCEL}),
    ("nope", {CANCEL}),
    ("👎", {CANCEL}),
    ("I can't make it", {CANCEL}),
    ("I can’t make it", {CANCEL}),
    ("can not come", {CANCEL}),
    ("Sorry, I can't", {CANCEL}),
    ("I will not be able to make it", {CANCEL}),
    ("I have a fever, not coming", {CANCEL}),
    ("no puedo ir", {CANCEL}),
    ("No puedo", {CANCEL}),
    ("no podré asistir a la cita", {CANCEL}),
    ("Cancelo", {CANCEL}),
    ("R", {MOVE}),
    ("Can't make it, can we re-schedule?", {MOVE}),
    ("Can I come another day?", {MOVE}),
    ("Quiero cambiar la cita", {MOVE}),
    ("No I will be there", {CONFIRM}),
    ("C X", {CONFIRM, CANCEL}),
    ("Yes. No.", {CONFIRM, CANCEL}),
    ("Cancel or reschedule", {CANCEL, MOVE}),
    ("Confirm, but my husband has to cancel his", {CONFIRM, CANCEL}),
    ("Is there parking?", set()),
    ("Who is this?", set()),
    ("", set()),
    ("2", set()),
]

DENIALS: list[tuple[str, ReplyKind]] = [
    ("not cancelling", CANCEL),
    ("I'm NOT canceling!", CANCEL),
    ("don't cancel", CANCEL),
    ("don’t cancel", CANCEL),
    ("Please do not cancel my appointment", CANCEL),
    ("I never cancelled", CANCEL),
    ("No cancele mi cita por favor", CANCEL),
    ("no quiero cancelar", CANCEL),
    ("I cannot confirm", CONFIRM),
    ("not confirming", CONFIRM),
    ("no need to reschedule", MOVE),
    ("I do not think that I will have to be cancelling", CANCEL),
]

STOPS = [
    "STOP",
    "Stop. Thank you",
    "stop please",
    "S\u200btop",
    "ｓｔｏｐ",
    "STOPPPP!!!",
    "🛑",
    "no more texts",
    "No more text messages please",
    "Please stop texting me",
    "don't text me anymore",
    "unsubscribe",
    "take me off your list",
    "Yes, but no more texts",
    "ALTO",
    "Alto por favor",
    "no más mensajes",
    "No me manden más mensajes",
    "wrong number",
    "Wrong number, sorry",
    "Número equivocado",
    # They cancel the texts, and no visit.
    "cancel texts",
    "Cancel these messages please",
    "Cancelar los mensajes",
    "I don't want these texts",
    "No texts please",
    "Stop txting me",
    "Stop it",
]

# None of these asks to cancel this visit, whatever Relatient took them for.
NO_CANCELLATIONS = [
    "dnt cancel",
    "pls dont cancell",
    "Cancel? No!",
    "cancel no",
    "cancelar no",
    "X by mistake",
    "I take back my cancellation",
    "undo cancel",
    "Nothing to cancel, all good",
    "Why was my appointment cancelled?",
    "¿Por qué la cancelaron?",
    "If I cancel is there a fee?",
    "si cancelo me cobran?",
    "I may need to cancel",
    "Is it too late to cancel?",
    "Cancel my other appointment, not this one",
    "cancel the ride, I am driving myself",
    "X-ray is done",
    "No fever today",
    "No insurance card yet, is that ok",
    "no insurance card yet is that ok",
    "I wouldn't miss it for the world",
    "no voy a faltar",
    "keep my appt",
    "I can't come before 3",
    "Can't come up the stairs",
]

ANOTHER_SENSE = [
    "stop by",
    "I'll stop by at 3",
    "don't stop",
    "Please don't stop the reminders",
    "stop calling",
    "Please stop calling me, text instead",
    "I am at the bus stop",
    "When do I stop taking my pills?",
    "At the end of the day",
    "Mi presión está muy alto",
    "Do I stop these pills before?",
    "stop all meds?",
    "I want to opt out of the anesthesia",
    "can you stop sending the bill",
]


@pytest.mark.parametrize(("text", "says"), SAYS, ids=[text for text, _ in SAYS])
def test_what_a_text_says(text: str, says: set[ReplyKind]) -> None:
    reading = read_answer(text)
    assert reading.says == says
    assert not reading.denies
    assert not reading.stop


@pytest.mark.parametrize(("text", "denied"), DENIALS, ids=[text for text, _ in DENIALS])
def test_a_denial_is_no_answer_and_agrees_with_none(text: str, denied: ReplyKind) -> None:
    reading = read_answer(text)
    assert reading.denies == {denied}
    assert denied not in reading.says
    assert not any(reading.agrees_with(label) for label in (CONFIRM, CANCEL, MOVE))


@pytest.mark.parametrize("text", NO_CANCELLATIONS)
def test_a_question_a_condition_or_a_mistake_agrees_with_no_cancellation(text: str) -> None:
    assert not read_answer(text).agrees_with(CANCEL)


@pytest.mark.parametrize(
    "text",
    ["Not feeling well, cancel please", "No, cancel", "cancel, no ride", "X can't get off work"],
)
def test_a_reason_beside_a_cancellation_does_not_speak_against_it(text: str) -> None:
    assert read_answer(text).agrees_with(CANCEL)


@pytest.mark.parametrize("text", STOPS)
def test_a_stop(text: str) -> None:
    assert read_answer(text).stop
    assert not read_answer(text).other_sense


@pytest.mark.parametrize("text", ANOTHER_SENSE)
def test_the_word_in_another_sense_is_no_stop(text: str) -> None:
    assert read_answer(text).other_sense
    assert not read_answer(text).stop


@pytest.mark.parametrize(
    ("text", "too"),
    [("stop texting and calling me", True), ("wrong number", True), ("no more texts", False)],
)
def test_calls_end_only_where_the_words_say_so(text: str, too: bool) -> None:
    assert read_answer(text).calls_too is too


@pytest.mark.parametrize("text", ["maybe", "I'm not sure I can make it", "no se si pueda ir"])
def test_who_is_not_sure_has_not_answered(text: str) -> None:
    assert read_answer(text).unsure
    assert not read_answer(text).agrees_with(CONFIRM)


@pytest.mark.parametrize(("text", "goes_to"), HARMLESS, ids=[text for text, _ in HARMLESS])
def test_a_harmless_confirmation_goes_where_it_should(text: str, goes_to: str) -> None:
    assert calls_the_desk(text) == goes_to


def test_how_many_harmless_texts_reach_the_desk() -> None:
    others = len(SAYS) + len(DENIALS) + len(STOPS) + len(ANOTHER_SENSE)
    assert len(HARMLESS) >= 30
    assert len(HARMLESS) + others >= 60
    assert sum(bool(calls_the_desk(text)) for text, _ in HARMLESS) == CALLED_FOR_HARMLESS


def calls_the_desk(text: str) -> str:
    """What a confirmation with this text makes the desk do, beside the chart's confirmation."""
    reply = a_reply(CONFIRM, words=text, occurred_at=NOW - timedelta(minutes=5))
    assert an_appointment().local_start.strftime("%A %B %d %H") == "Monday March 09 14"
    snapshot = replace(enrolled(), replies=(reply,))
    kinds = [item.kind.value for item in decide(snapshot, NOW).work_items]
    assert START > NOW
    return {"more_in_answer": "more", "words_disagree": "asked"}[kinds[0]] if kinds else ""


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(read_answer(text), Reading)


@given(
    text=st.sampled_from([text for text, _ in SAYS] + [text for text, _ in DENIALS] + STOPS),
    change=st.sampled_from(
        [str.upper, str.lower, lambda t: f"  {t}\n", lambda t: t.replace("'", "’"), lambda t: t]
    ),
    hidden=st.sampled_from(["", "\u200b", "\u200e", "\ufeff"]),
)
def test_case_blanks_quotes_and_what_nobody_sees_change_nothing(text, change, hidden) -> None:
    assert replace(read_answer(hidden + change(text)), rest=()) == replace(
        read_answer(text), rest=()
    )


def test_the_table_is_written_in_the_form_in_which_texts_are_compared() -> None:
    phrases = [phrase for words in PHRASES.values() for some in words.values() for phrase in some]
    assert [phrase for phrase in phrases if plain(phrase) != phrase] == []


def test_no_phrase_has_two_meanings() -> None:
    found: dict[str, set[str]] = {}
    for words in PHRASES.values():
        for meaning, phrases in words.items():
            for phrase in phrases:
                found.setdefault(phrase, set()).add(meaning)
    assert {phrase: said for phrase, said in found.items() if len(said) > 1} == {}
