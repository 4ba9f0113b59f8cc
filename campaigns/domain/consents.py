"""What people said of being written to, and whose word counts for whom.

A word belongs to the number or address that it was said from, whoever the reminder was about: a no
holds for everybody who is written to there, until a later yes from it. A patient's own no also
stays with the patient when they are written to elsewhere, since Relatient keeps it in their
record; a yes from the number that it came from ends it, by whichever patient it is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from campaigns.domain.snapshot import Consent, PatientFacts
from campaigns.domain.values import Channel

YES, NO = "opted_in", "opted_out"
# Where a word came from: an event of Relatient, or the patient's record there; two records that
# became one; the practice's own people; what the patient wrote in an answer.
EVENT = "relatient"
RECORD = "relatient record"
MERGE = "merged records"
STAFF = "staff"
REPLY = "the patient's answer"
# Words that Relatient has in the patient's record.
AT_RELATIENT = frozenset({EVENT, RECORD, MERGE})

# Where the recipient of a visit's reminders is reached by each channel; None where nowhere.
Reach = Mapping[Channel, str | None]


def same_reach(one: str, other: str) -> bool:
    """Whether two numbers, or two addresses, are the same."""
    return one.strip().casefold() == other.strip().casefold()


def refusal(patient: PatientFacts, channel: Channel, reach: str) -> Consent | None:
    """The no that forbids a channel to a number or address; None when none does."""
    said = [word for word in patient.consents if word.channel is channel]
    there = _newest(_from(said, reach))
    if there is not None and there.state == NO:
        return there
    own = _newest(word for word in said if word.own)
    if own is None or own.state != NO:
        return None
    # Without a number of its own it is the patient's alone.
    ended = _newest(_from(said, own.reach)) if own.reach else None
    return None if ended is not None and ended.state == YES else own


def to_tell(patient: PatientFacts, *reaches: Reach) -> Iterator[tuple[Channel, Consent]]:
    """What Relatient's record of the patient should say and does not, by channel.

    A no that holds at one of `reaches`, where the patient's visits may be written to; or the yes
    that ended a no which Kept wrote into the record. A no that is the patient's own is never taken
    back.
    """
    for channel in Channel:
        places = [to for reach in reaches if (to := reach.get(channel))]
        if not places:
            continue
        noes = (refusal(patient, channel, to) for to in places)
        no, told = next(filter(None, noes), None), patient.told.get(channel)
        held = _newest(
            word
            for word in (*patient.consents, *([told] if told else []))
            if word.channel is channel and word.own and word.at_relatient
        )
        if no is not None and (held is None or held.state != NO):
            yield channel, no
        elif no is None and held is not None and held is told and held.state == NO:
            yes = _newest(word for to in places for word in _from(patient.consents, to, channel))
            yield channel, yes or Consent(channel, YES, held.at)


def _from(words: Iterable[Consent], reach: str, channel: Channel | None = None) -> list[Consent]:
    return [
        word
        for word in words
        if word.reach and same_reach(word.reach, reach) and channel in (None, word.channel)
    ]


def _newest(words: Iterable[Consent]) -> Consent | None:
    # Where nothing tells which of a yes and a no came last, the no counts.
    return max(words, key=lambda word: (word.at, word.seq, word.state == NO), default=None)
