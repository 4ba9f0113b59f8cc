"""Which channels may be used for a recipient, and which of them leads.

An explicit no or an opt-out beats everything; an absent preference is a yes; an absent consent
to texts is a no, an absent consent to calls a yes. The flags are those of the patient's record,
the numbers and addresses the recipient's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.recipient import Recipient
from campaigns.domain.snapshot import PatientFacts
from campaigns.domain.values import Channel


class Verdict(StrEnum):
    """What the table says of one channel."""

    USABLE = "usable"
    NO_ADDRESS = "no_address"
    REFUSED = "refused"


@dataclass(frozen=True)
class Channels:
    """The verdict for each channel, and what follows for a campaign."""

    verdicts: dict[Channel, Verdict]

    @property
    def usable(self) -> tuple[Channel, ...]:
        """The channels that may be used, in the order sms, email, voice."""
        return tuple(c for c in Channel if self.verdicts[c] is Verdict.USABLE)

    @property
    def refused(self) -> bool:
        """Whether refusal is the only thing that stands in the way of some channel."""
        return not self.usable and Verdict.REFUSED in self.verdicts.values()


def channels_of(
    patient: PatientFacts, recipient: Recipient, *, landline_calls_ok: bool
) -> Channels:
    """Judge each channel by the table."""
    voice_number = recipient.mobile_phone or (recipient.home_phone if landline_calls_ok else None)
    addresses = {
        Channel.SMS: recipient.mobile_phone,
        Channel.EMAIL: recipient.email,
        Channel.VOICE: voice_number,
    }
    return Channels({c: _verdict(patient, c, addresses[c]) for c in Channel})


def _verdict(patient: PatientFacts, channel: Channel, reach: str | None) -> Verdict:
    if reach is None:
        return Verdict.NO_ADDRESS
    return Verdict.REFUSED if _refused(patient, channel) else Verdict.USABLE


def _refused(patient: PatientFacts, channel: Channel) -> bool:
    if channel in opted_out(patient) or patient.wants.get(channel) is False:
        return True
    if channel is Channel.SMS:
        return patient.consent_to_text is not True
    if channel is Channel.VOICE:
        return patient.consent_to_call is False or patient.do_not_call is True
    return False


def opted_out(patient: PatientFacts) -> frozenset[Channel]:
    """The channels on which the patient's newest word at Relatient is a no."""
    # Where nothing tells which of a yes and a no came last, the no counts.
    given = sorted(patient.consents, key=lambda c: (c.at, c.seq, c.state == "opted_out"))
    newest = {consent.channel: consent for consent in given}
    return frozenset(c for c, consent in newest.items() if consent.state == "opted_out")


def lead_of(patient: PatientFacts, allowed: Sequence[Channel]) -> Channel:
    """The channel that leads: an explicit yes, else the record's hint, else the campaign's first.

    `allowed` is in the campaign's order and not empty.
    """
    for channel in Channel:
        if channel in allowed and patient.wants.get(channel) is True:
            return channel
    hint = patient.preference_hint
    if hint is not None and hint in allowed:
        return hint
    return allowed[0]
