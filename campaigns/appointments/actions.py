"""What a person can do about one visit, and which instructions are active: the card on its page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.access import LOOK_AGAIN
from campaigns.appointments.timeline import person
from campaigns.domain.coverage import Code
from campaigns.domain.values import AppointmentStatus, InstructionKind
from campaigns.labels import INSTRUCTIONS
from campaigns.local_time import spoken
from campaigns.models import Appointment, Campaign, StaffInstruction

# Button, and what it does, in the order in which they are offered.
_OFFERS: dict[InstructionKind, tuple[str, str]] = {
    InstructionKind.PAUSED: (
        "Pause the reminders",
        "Relatient sends nothing more for this visit until somebody withdraws the pause.",
    ),
    InstructionKind.STOPPED: (
        "Stop the reminders",
        "For good: this visit gets no reminders, whatever the rules say later.",
    ),
    InstructionKind.ENROLLED: (
        "Enroll by hand",
        "The campaign that you choose takes the place of what the rules say. It goes out only as "
        "the patient allows: a refusal is never overruled.",
    ),
}
_BY_HAND = "enroll the visit by hand"
# What helps with a visit in this state; the ledger's sentence has said what is the case.
_ADVICE: dict[Code, str] = {
    Code.ENDED_ELSEWHERE: (
        "Kept does not begin again by itself, because somebody meant it. "
        "If the reminders should go on, {by_hand}. If not, stop them, so that nobody asks again."
    ),
    Code.TOO_LATE: (
        "Call the patient on a number of this page. If a message should go out all the same, "
        "{by_hand}: the campaign sends what it still has time for."
    ),
    Code.NO_RULE: "Until there is a rule, {by_hand} if this patient should be reminded.",
    Code.TYPE_EXCLUDED: "If this one visit should be reminded of all the same, {by_hand}.",
    Code.CAMPAIGN_INACTIVE: "Until another campaign is chosen in the rules, {by_hand}.",
    Code.STOPPED_BY_STAFF: "When reminders should go on, withdraw the instruction below.",
    Code.NO_CONTACT_CHANNEL: (
        "Once it is in athenahealth, press Look again: Kept reads the record afresh."
    ),
    Code.GUARDIAN_CONTACT_MISSING: (
        "Once it is in athenahealth, press Look again: Kept reads the record afresh."
    ),
    Code.NO_PROVIDER: "Once it is mended, press Look again.",
    Code.TELEHEALTH_LINK_MISSING: "Once athenahealth has the link, press Look again.",
    Code.VENDOR_REJECTED: "The timeline below has the reason. Once it is mended, press Look again.",
}


@dataclass(frozen=True)
class ActiveInstruction:
    """An instruction that nobody withdrew; `counts` for the one that is obeyed."""

    id: int
    title: str
    who: str
    when: str
    reason: str
    campaign: str
    counts: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Offer:
    """A form for one kind of instruction."""

    kind: str
    label: str
    hint: str
    campaigns: tuple[Campaign, ...] = ()
    error: str = ""
    reason: str = ""
    campaign: str = ""

    @property
    def needs_campaign(self) -> bool:
        """Whether a campaign has to be chosen."""
        return self.kind == InstructionKind.ENROLLED


@dataclass(frozen=True)
class Actions:
    """The whole card; `seen` is the instruction that counted when the page was made."""

    ahead: bool
    advice: str
    may_look: bool
    instructions: tuple[ActiveInstruction, ...]
    offers: tuple[Offer, ...]
    seen: int | None


@dataclass(frozen=True)
class Refusal:
    """A form that came back, with what was typed."""

    kind: str
    error: str
    reason: str
    campaign: str


def actions_of(
    row: Appointment,
    allowed: Collection[str],
    instructions: Collection[StaffInstruction],
    campaigns: Iterable[Campaign],
    names: Mapping[str, str],
    now: datetime,
    refused: Refusal | None = None,
) -> Actions:
    """The card for a person who is `allowed` these actions (access.visit_actions_of).

    `instructions` has the latest first, `campaigns` those that suit the visit; `names` are the
    names of all campaigns by Relatient's ids.
    """
    first = next(iter(instructions), None)
    ahead = row.status == AppointmentStatus.SCHEDULED and (
        row.starts_at is None or row.starts_at > now
    )
    return Actions(
        ahead=ahead,
        advice=_advice(row, allowed) if ahead else "",
        may_look=LOOK_AGAIN in allowed,
        instructions=tuple(
            _active_instruction(said, row, allowed, first, names) for said in instructions
        ),
        offers=tuple(_offers(allowed, first, tuple(campaigns), refused)) if ahead else (),
        seen=first.pk if first else None,
    )


def _advice(row: Appointment, allowed: Collection[str]) -> str:
    text = _ADVICE.get(Code(row.coverage_code), "")
    by_hand = _BY_HAND if InstructionKind.ENROLLED in allowed else f"ask clinical ops to {_BY_HAND}"
    return text.format(by_hand=by_hand)


def _active_instruction(
    said: StaffInstruction,
    row: Appointment,
    allowed: Collection[str],
    first: StaffInstruction | None,
    names: Mapping[str, str],
) -> ActiveInstruction:
    return ActiveInstruction(
        id=said.pk,
        title=INSTRUCTIONS[InstructionKind(said.kind)],
        who=person(said.given_by) or "A colleague",
        when=spoken(said.given_at, row.time_zone or row.practice.time_zone),
        reason=said.reason,
        campaign=names.get(said.campaign, said.campaign),
        counts=said == first,
        may_withdraw=said.kind in allowed,
    )


def _offers(
    allowed: Collection[str],
    first: StaffInstruction | None,
    campaigns: tuple[Campaign, ...],
    refused: Refusal | None,
) -> Iterator[Offer]:
    for kind, (label, hint) in _OFFERS.items():
        # Being paused twice says nothing new; another campaign by hand does.
        again = first is not None and first.kind == kind and kind is not InstructionKind.ENROLLED
        if again or kind not in allowed:
            continue
        chosen = campaigns if kind is InstructionKind.ENROLLED else ()
        mine = refused if refused is not None and refused.kind == kind else None
        if mine is None:
            yield Offer(kind.value, label, hint, chosen)
        else:
            yield Offer(kind.value, label, hint, chosen, mine.error, mine.reason, mine.campaign)
