"""What the words of an answer say, by the table in reply_words.py.

A text is taken clause by clause, so that "No, cancel" is not "no cancel", and in each the longest
phrase of the table counts. A "not" turns the next answer into a denial; before a word of coming it
makes a cancellation. What the table does not know says nothing, and is what else there is to read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from campaigns.domain.reply_words import (
    LETTERS,
    PERSONS,
    PHRASES,
    SIGNS,
    SPELLINGS,
    WORD_SPELLINGS,
    Meaning,
)
from campaigns.domain.values import ReplyKind

_TABLE: dict[tuple[str, ...], Meaning] = {
    tuple(phrase.split()): meaning
    for language in PHRASES.values()
    for meaning, phrases in language.items()
    for phrase in phrases
}
_LONGEST = max(map(len, _TABLE))
# How many words may stand between a "not" and what it turns round.
_REACH = 8

_ANSWERS = {
    Meaning.CONFIRM: ReplyKind.CONFIRMED,
    Meaning.CANCEL: ReplyKind.CANCELLED,
    Meaning.RESCHEDULE: ReplyKind.RESCHEDULE_REQUESTED,
}
_STOPS = frozenset({Meaning.STOP, Meaning.STOP_ALONE, Meaning.STOP_CALLS_TOO})
_TURNED = frozenset({*_ANSWERS, *_STOPS, Meaning.COME, Meaning.YES})
_SILENT = frozenset({Meaning.COURTESY, Meaning.FILLER, Meaning.NOT, Meaning.CANNOT})
_BESIDE_A_STOP = frozenset({*_STOPS, Meaning.COURTESY, Meaning.YES})

_APOSTROPHES = re.compile("['’‘`´ʼ′]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WITHIN_A_WORD = re.compile(r"(?<=\w)[-_](?=\w)")
_BOUNDARY = re.compile(r"[^\w\s]+|[\r\n]+|\b(?:but|pero)\b")


@dataclass(frozen=True)
class Reading:
    """What a text says.

    `says` are the answers in it and `denies` those that a "not" turns round; `doubtful` that it
    speaks against a cancellation without denying it; `stop` that it asks
    for no more texts, `calls_too` for no calls either; `other_sense` that a word of stopping stands
    there without saying that. `rest` are the words, without accents, that are in no table.
    """

    says: frozenset[ReplyKind] = frozenset()
    denies: frozenset[ReplyKind] = frozenset()
    unsure: bool = False
    doubtful: bool = False
    wrong_person: bool = False
    stop: bool = False
    calls_too: bool = False
    other_sense: bool = False
    rest: tuple[str, ...] = field(default=(), repr=False)

    def agrees_with(self, label: ReplyKind) -> bool:
        """Whether nothing in the words speaks against what the vendor took the answer for.

        Words that the table does not know, or none, speak against nothing.
        """
        if self.denies or self.unsure or self.wrong_person:
            return False
        if self.doubtful and label is ReplyKind.CANCELLED:
            return False
        return self.says <= {label} and (bool(self.says) or not self.stop)


@dataclass(frozen=True)
class _Mark:
    """A phrase of the table at its place; `turned` when a "not" stands before it."""

    meaning: Meaning
    words: tuple[str, ...]
    turned: bool = False


def read_answer(text: str) -> Reading:
    """Read what a patient wrote; an empty text, or one that is just a key, says nothing."""
    marks: list[_Mark] = []
    rest: list[str] = []
    stop = other_sense = calls_too = False
    for number, clause in enumerate(_clauses(text)):
        found, unknown = _read_clause(clause, head=number == 0)
        alone = not unknown and all(mark.meaning in _BESIDE_A_STOP for mark in found)
        for mark in found:
            if mark.meaning not in _STOPS:
                continue
            meant = not mark.turned and (alone or mark.meaning is not Meaning.STOP_ALONE)
            stop, other_sense = stop or meant, other_sense or not meant
            calls_too = calls_too or (meant and mark.meaning is Meaning.STOP_CALLS_TOO)
            unknown += [] if meant else mark.words
        marks += found
        rest += unknown
    meanings = {mark.meaning for mark in marks}
    wrong_person = Meaning.WRONG_PERSON in meanings
    for mark in marks:
        if mark.meaning in (Meaning.OTHER_SENSE, Meaning.DOUBTFUL):
            other_sense = other_sense or mark.meaning is Meaning.OTHER_SENSE
            rest += mark.words
    says = _said(marks)
    return Reading(
        says=says,
        denies=frozenset(_ANSWERS[m.meaning] for m in marks if m.turned and m.meaning in _ANSWERS),
        unsure=Meaning.UNSURE in meanings,
        doubtful=Meaning.DOUBTFUL in meanings or _speaks_against_a_cancel(marks, says),
        wrong_person=wrong_person,
        stop=stop or wrong_person,
        calls_too=calls_too or wrong_person,
        other_sense=other_sense and not stop,
        rest=tuple(rest),
    )


def plain(text: str) -> str:
    """Lower case, without accents, apostrophes and characters that nobody sees."""
    text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text)).casefold()
    seen = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))
    return _STRETCHED.sub(r"\1", seen)


def _clauses(text: str) -> Iterator[list[str]]:
    """The words of a text, clause by clause, each in the spelling of the table."""
    for sign, word in SIGNS.items():
        text = text.replace(sign, f". {word}. ")
    text = _WITHIN_A_WORD.sub(" ", plain(text))
    for clause in _BOUNDARY.split(text):
        words = [WORD_SPELLINGS.get(word, word) for word in clause.split()]
        if words:
            yield list(_spelled(words))


def _spelled(words: list[str]) -> Iterator[str]:
    at = 0
    while at < len(words):
        pair = SPELLINGS.get((words[at], words[at + 1])) if at + 1 < len(words) else None
        yield pair or words[at]
        at += 2 if pair else 1


def _read_clause(words: list[str], *, head: bool) -> tuple[list[_Mark], list[str]]:
    """The phrases of one clause, and the words that are in none."""
    marks: list[_Mark] = []
    unknown: list[str] = []
    turning: _Mark | None = None
    left = since = at = 0
    while at < len(words):
        mark = _phrase(words, at, head=head)
        # "C X" and the like: letters at the head, one after the other.
        head = head and mark is not None and mark.words[0] in LETTERS
        at += len(mark.words) if mark else 1
        left -= 1
        if mark is None:
            # A key that was pressed; what it means is the label.
            unknown += [] if words == [words[0]] and words[0].isdigit() else [words[at - 1]]
            continue
        if mark.meaning in (Meaning.NOT, Meaning.CANNOT):
            if mark.words[-1] == "no" and at < len(words) and words[at] in PERSONS:
                mark = _Mark(Meaning.NO, mark.words)
            else:
                turning, left, since = mark, _REACH + 1, len(unknown)
        elif (
            mark.meaning in _TURNED
            and turning is not None
            and left > 0
            and (
                # "No card yet, is that ok" is not "not ok".
                mark.meaning is not Meaning.YES or len(unknown) == since
            )
        ):
            mark, turning = _Mark(mark.meaning, mark.words, turned=True), None
        marks.append(mark)
    if turning is not None and len(unknown) == since and _ends_with(marks, turning):
        # "Sorry, I can't." and "No, thanks": nothing stands behind that it could turn round.
        if turning.meaning is Meaning.CANNOT:
            marks.append(_Mark(Meaning.CANNOT_COME, turning.words))
        elif turning.words in (("no",), ("not",)):
            marks.append(_Mark(Meaning.NO, turning.words))
    return marks, unknown


def _phrase(words: list[str], at: int, *, head: bool) -> _Mark | None:
    for length in range(min(_LONGEST, len(words) - at), 1, -1):
        some = tuple(words[at : at + length])
        if some in _TABLE:
            return _Mark(_TABLE[some], some)
    one = (words[at],)
    if words[at] in LETTERS and (head or len(words) == 1):
        return _Mark(LETTERS[words[at]], one)
    return _Mark(_TABLE[one], one) if one in _TABLE else None


def _ends_with(marks: list[_Mark], turning: _Mark) -> bool:
    behind = marks[marks.index(turning) + 1 :]
    return all(mark.meaning in _SILENT for mark in behind)


def _speaks_against_a_cancel(marks: list[_Mark], says: frozenset[ReplyKind]) -> bool:
    """Whether a "no" stands behind the word of cancelling ("Cancel? No!"), or a "not" of which the
    table cannot say what it turns round, where nothing else asks to cancel.
    """
    if ReplyKind.CANCELLED not in says:
        turned = any(mark.turned for mark in marks)
        return not turned and any(mark.meaning is Meaning.NOT for mark in marks)
    cancelled = False
    for mark in marks:
        if cancelled and mark.meaning is Meaning.NO:
            return True
        cancelled = cancelled or (mark.meaning is Meaning.CANCEL and not mark.turned)
    return False


def _said(marks: Iterable[_Mark]) -> frozenset[ReplyKind]:
    """The answers of a text: plain ones, else promises to come or not, else a yes or a no."""
    said, come, short = set(), set(), set()
    for mark in marks:
        if mark.meaning in _ANSWERS and not mark.turned:
            said.add(_ANSWERS[mark.meaning])
        elif mark.meaning is Meaning.COME:
            come.add(ReplyKind.CANCELLED if mark.turned else ReplyKind.CONFIRMED)
        elif mark.meaning is Meaning.CANNOT_COME:
            come.add(ReplyKind.CANCELLED)
        elif mark.meaning is Meaning.NO or (mark.meaning is Meaning.YES and mark.turned):
            short.add(ReplyKind.CANCELLED)
        elif mark.meaning is Meaning.YES:
            short.add(ReplyKind.CONFIRMED)
    if ReplyKind.RESCHEDULE_REQUESTED not in said:
        # Who wants another time cannot come to this one, and says nothing else by it.
        said |= come
    return frozenset(said or short)
