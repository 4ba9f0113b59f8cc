"""The kinds of answers, a row each: from patients, and as the desk records them after a call.

Buttons, keys, bulk, what the schedule says and the sentence that closes an answer are drawn from
here. A new kind is its word in values.py, a row here, and its rows in docs/states.md and
docs/guides/front-desk.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from campaigns.domain.values import ReplyKind

# How long the desk can take an outcome back; nothing follows from it before.
UNDO = timedelta(seconds=10)
NOTED = "Noted on the schedule."
_TAKEN_FOR = (
    "Relatient took this answer for a {}, but the words may mean something else. "
    "Nothing was changed. Ask the patient."
)


class Asked(StrEnum):
    """What the desk is asked before an outcome is recorded."""

    NOTHING = ""
    TIME = "time"
    REASON = "reason"


class CallAgain(StrEnum):
    """Whether an outcome puts the visit off the list for a while."""

    NO = ""
    LATER = "later"
    AT_THE_TIME = "at_the_time"


@dataclass(frozen=True, kw_only=True)
class KindOfReply:
    """One kind: what is said of it, and who may say it how."""

    label: str
    # The sentence that closes an answer of this kind once it is in the chart.
    applied: str = NOTED
    # What the schedule says; empty where the chart itself is changed.
    note: str = ""
    # The desk's button, empty where only a patient answers so; and the word between its text and
    # the patient's name, for who hears the page read out.
    button: str = ""
    about: str = "for"
    asked: Asked = Asked.NOTHING
    # Whether the desk may say it of several patients at once.
    in_bulk: bool = False
    hold: timedelta = UNDO
    call_again: CallAgain = CallAgain.NO
    # Of these the answer given last wins; the other kinds stand beside them.
    exclusive: bool = False
    # What the desk reads when the words may mean something else, or say more.
    unclear: str = ""
    more: str = ""


# In the order of the desk's buttons, which is that of the keys 1, 2, 3 ...
REPLY_KINDS: dict[ReplyKind, KindOfReply] = {
    ReplyKind.CONFIRMED: KindOfReply(
        label="Confirmed",
        applied="Confirmed in the chart.",
        button="Confirmed",
        about="by",
        in_bulk=True,
        exclusive=True,
        unclear=_TAKEN_FOR.format("confirmation"),
        more="The patient confirmed and wrote more. Read it, and call if needed.",
    ),
    ReplyKind.NO_ANSWER: KindOfReply(
        label="No answer",
        note="Called about this visit, no answer.",
        button="No answer",
        about="from",
        in_bulk=True,
        call_again=CallAgain.LATER,
    ),
    ReplyKind.LEFT_VOICEMAIL: KindOfReply(
        label="Left voicemail",
        note="Left voicemail about this visit.",
        button="Left voicemail",
        in_bulk=True,
    ),
    ReplyKind.WRONG_NUMBER: KindOfReply(
        label="Wrong number",
        applied="Noted on the schedule. Ask for another number at the visit.",
        note="Called about this visit: the number on file is wrong.",
        button="Wrong number",
    ),
    ReplyKind.RESCHEDULE_REQUESTED: KindOfReply(
        label="Asks for another time",
        applied="Noted on the schedule. Call the patient to find a new time.",
        note="Patient asks to reschedule (by phone). Please call.",
        button="Reschedule",
        exclusive=True,
        unclear=_TAKEN_FOR.format("wish for another time"),
    ),
    ReplyKind.CALL_BACK: KindOfReply(
        label="Wants to be called back",
        note="Patient asked to be called back about this visit.",
        button="Call back",
        asked=Asked.TIME,
        call_again=CallAgain.AT_THE_TIME,
    ),
    ReplyKind.CANCELLED: KindOfReply(
        label="Cancelled",
        applied="Cancelled in the chart.",
        button="Cancelled",
        about="by",
        asked=Asked.REASON,
        exclusive=True,
        unclear=_TAKEN_FOR.format("cancellation"),
        more="The patient cancelled and wrote more. Read it, and call if needed.",
    ),
    ReplyKind.UNRECOGNIZED: KindOfReply(label="Answered in their own words"),
}

EXCLUSIVE = frozenset(kind for kind, row in REPLY_KINDS.items() if row.exclusive)
# What a call can end with, in the order of the buttons; the other kinds are the patient's own.
CALL_OUTCOMES = {kind: row for kind, row in REPLY_KINDS.items() if row.button}
# What may be said of many patients at once; a cancellation is always a decision about one.
IN_BULK = {kind: row for kind, row in CALL_OUTCOMES.items() if row.in_bulk}
