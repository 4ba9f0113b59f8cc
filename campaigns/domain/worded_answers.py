"""What the words beside a patient's answer do to it.

Relatient's label counts where there are no words, or none that speak against it. Words of another
meaning, of several, or a denial change nothing in the chart: the desk asks. What else there is in
an answer is for the desk to read. A wish for no more texts is heard whatever the label says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.consents import NO, YES
from campaigns.domain.reply_kinds import EXCLUSIVE, REPLY_KINDS
from campaigns.domain.reply_reading import Reading, plain, read_answer
from campaigns.domain.snapshot import AppointmentFacts, ReplyFacts, Snapshot
from campaigns.domain.values import Channel, ReplyKind, WorkItemKind

STOPPED = (
    "The patient wrote that they want no more texts, so none go to that number any more. "
    "Call them if needed."
)
STOPPED_BY_EMAIL = (
    "The patient wrote that they want no more messages, so no texts and no emails go to them any "
    "more. Call them if needed."
)
STOPPED_AND_CANCELS = (
    "The patient wants no more texts, so none go to that number any more. They may also want to "
    "cancel: ask them."
)
WRONG_NUMBER = (
    "Whoever has this number says that it is the wrong one, so nothing goes there any more. "
    "Ask the patient for the right number."
)
# Visits are spoken of in these words without saying anything new.
_DAYS = (
    ("monday", "mon", "lunes"),
    ("tuesday", "tue", "tues", "martes"),
    ("wednesday", "wed", "weds", "miercoles"),
    ("thursday", "thu", "thur", "thurs", "jueves"),
    ("friday", "fri", "viernes"),
    ("saturday", "sat", "sabado"),
    ("sunday", "sun", "domingo"),
)
_MONTHS = (
    ("january", "jan", "enero"),
    ("february", "feb", "febrero"),
    ("march", "mar", "marzo"),
    ("april", "apr", "abril"),
    ("may", "mayo"),
    ("june", "jun", "junio"),
    ("july", "jul", "julio"),
    ("august", "aug", "agosto"),
    ("september", "sep", "sept", "septiembre"),
    ("october", "oct", "octubre"),
    ("november", "nov", "noviembre"),
    ("december", "dec", "diciembre"),
)

_ORDINALS = ("st", "nd", "rd", "th")


def reading_of(reply: ReplyFacts) -> Reading:
    """What the patient's words say; an outcome that the desk recorded has none."""
    return Reading() if reply.by_staff else read_answer(reply.words)


def is_unclear(reply: ReplyFacts) -> bool:
    """Whether the words may mean something else than what the answer was taken for."""
    return reply.kind in EXCLUSIVE and not reading_of(reply).agrees_with(reply.kind)


def what_to_ask(snapshot: Snapshot, reply: ReplyFacts) -> tuple[WorkItemKind, str]:
    """What the desk is told of an unclear answer: of the stop, if that is all there is in it."""
    reading, stop = reading_of(reply), stop_of(snapshot, reply)
    nothing_else = not (reading.says or reading.denies or reading.unsure)
    if stop and (reading.wrong_person or nothing_else):
        return WorkItemKind.STOP_IN_WORDS, stop
    return WorkItemKind.WORDS_DISAGREE, REPLY_KINDS[reply.kind].unclear


def has_more(snapshot: Snapshot, reply: ReplyFacts) -> bool:
    """Whether the patient wrote something beside the answer, courtesies, and what they were told
    of the visit.
    """
    rest = set(reading_of(reply).rest)
    return bool(rest) and bool(rest - set(_told(snapshot, reply)))


def stop_of(snapshot: Snapshot, reply: ReplyFacts) -> str:
    """The sentence for an answer whose words ended the texts, while they do; empty otherwise."""
    reading = reading_of(reply)
    if not reading.stop:
        return ""
    said = [word for word in snapshot.patient.consents if word.channel is Channel.SMS]
    kept = any(word.state == NO and word.own and word.at == reply.occurred_at for word in said)
    ended = any(word.state == YES and word.at > reply.occurred_at for word in said)
    if not kept or ended:
        return ""
    if reading.wrong_person:
        return WRONG_NUMBER
    if reply.channel is Channel.EMAIL:
        return STOPPED_BY_EMAIL
    return STOPPED_AND_CANCELS if ReplyKind.CANCELLED in reading.says else STOPPED


def _told(snapshot: Snapshot, reply: ReplyFacts) -> Iterator[str]:
    """The words of the visit that the patient answers: when, with whom, for whom, where."""
    visit, patient = snapshot.appointment, snapshot.patient
    names = [
        *(provider.name for provider in visit.providers),
        *(patient.first_name, patient.last_name, visit.type_name, visit.department_name),
    ]
    for name in names:
        yield from plain(name).replace(".", " ").replace(",", " ").split()
    yield from _moment(visit)
    if visit.time_zone:
        answered = reply.occurred_at.astimezone(ZoneInfo(visit.time_zone)).date()
        if visit.local_start.date() == answered:
            yield from ("today", "tonight", "hoy")
        elif visit.local_start.date() == answered + timedelta(days=1):
            yield from ("tomorrow", "manana")


def _moment(visit: AppointmentFacts) -> Iterator[str]:
    """The day and time of a visit as people write them."""
    start = visit.local_start
    hour, half = start.hour % 12 or 12, "am" if start.hour < 12 else "pm"
    yield from _DAYS[start.weekday()]
    yield from _MONTHS[start.month - 1]
    yield from (f"{start.month}", f"{start.day}", *(f"{start.day}{e}" for e in _ORDINALS))
    yield from (f"{start.year}", f"{hour}", f"{start.minute:02}", f"{hour}{start.minute:02}")
    yield from (f"{hour}{half}", f"{start.minute:02}{half}", f"{hour}{start.minute:02}{half}")
    yield from (half, "a" if half == "am" else "p", "m", "oclock", f"{start.hour}")
    yield "noon" if start.hour == 12 else "morning" if half == "am" else "afternoon"
