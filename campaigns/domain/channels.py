"""Which channels may be used for a recipient, and which of them leads.

An explicit no or an opt-out beats everything; an absent preference is a yes; an absent consent
to texts is a no, an absent consent to calls a yes. The flags are those of the patient's record,
the numbers and addresses the recipient's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.consents import Reach, refusal
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


def reach_of(recipient: Recipient, *, landline_calls_ok: bool) -> dict[Channel, str | None]:
    """Where each channel would reach the recipient: a number in E.164 or an address, or None."""
    return {
        Channel.SMS: recipient.mobile_phone,
        Channel.EMAIL: recipient.email,
        Channel.VOICE: recipient.mobile_phone
        or (recipient.home_phone if landline_calls_ok else None),
    }


def channels_of(patient: PatientFacts, reach: Reach) -> Channels:
    """Judge each channel by the table."""
    return Channels({c: _verdict(patient, c, reach.get(c)) for c in Channel})


def _verdict(patient: PatientFacts, channel: Channel, reach: str | None) -> Verdict:
    if reach is None:
        return Verdict.NO_ADDRESS
    return Verdict.REFUSED if _refused(patient, channel, reach) else Verdict.USABLE


def _refused(patient: PatientFacts, channel: Channel, reach: str) -> bool:
    if refusal(patient, channel, reach) is not None or patient.wants.get(channel) is False:
        return True
    if channel is Channel.SMS:
        return patient.consent_to_text is not True
    if channel is Channel.VOICE:
        return patient.consent_to_call is False or patient.do_not_call is True
    return False


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
