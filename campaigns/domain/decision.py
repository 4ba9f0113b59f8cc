"""What a look concludes, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.domain.coverage import Code, State, state_of
from campaigns.domain.effects import EffectWanted, PatientBody, ReminderBody, WorkItemWanted
from campaigns.domain.snapshot import Consent
from campaigns.domain.values import CancelReason, Channel, Modality, ReplyOutcome, Risk
from campaigns.domain.video_link import Link


@dataclass(frozen=True)
class Finding:
    """What one step was given and what it concluded; codes and counts, never contact data."""

    step: str
    input: str
    result: str


@dataclass(frozen=True)
class ChoiceBasis:
    """What the campaign was chosen by; kept on the appointment (columns route_*) for previews and
    coverage.

    `general` says that the practice's general campaign was taken because of the providers,
    `by_hand` that staff chose, `kept` that the visit has the campaign from before, and so perhaps
    for another kind of visit.
    """

    type_id: str
    modality: Modality
    risk: Risk
    language: str
    campaign: str
    general: bool = False
    kept: bool = False
    by_hand: bool = False

    @property
    def kind(self) -> dict[str, str]:
        """The kind of visit without the campaign, as an enrollment remembers it."""
        return {
            "type": self.type_id,
            "modality": self.modality.value,
            "risk": self.risk.value,
            "language": self.language,
            "general": "yes" if self.general else "",
            "by_hand": "yes" if self.by_hand else "",
        }


@dataclass(frozen=True)
class Plan:
    """The enrollment as it should be: a campaign with details, or none and why.

    `code` is why there is none (or why it is not known yet); `keep` leaves a live enrollment
    alone, because what would judge it is not known yet. `held` keeps the campaign until a change
    of the rules is approved; cancels and updates go on. `link` is the one to a video visit,
    `link_missing` that the practice wants one and there is none today. `reach` is where each
    channel reaches the recipient, `stops` the no that forbids it there; `tells` is what Relatient
    has to be told of such words. `unreadable` names what decides and cannot be read;
    `wait_until` is when there is something to do that must not be done yet.
    """

    code: Code | None
    campaign: str = ""
    reminder: ReminderBody | None = None
    patient: PatientBody | None = None
    cancel_reason: CancelReason = CancelReason.NOT_ELIGIBLE
    keep: bool = False
    reads: tuple[EffectWanted, ...] = ()
    desk_task: bool = False
    findings: tuple[Finding, ...] = ()
    route: ChoiceBasis | None = None
    held: bool = False
    link: Link = field(default_factory=Link)
    link_missing: bool = False
    reach: Mapping[Channel, str] = field(default_factory=dict)
    stops: Mapping[Channel, Consent] = field(default_factory=dict)
    tells: tuple[EffectWanted, ...] = ()
    unreadable: tuple[str, ...] = ()
    wait_until: datetime | None = None


@dataclass(frozen=True)
class ReplyVerdict:
    """The outcome of one reply and the sentence that explains it."""

    reply_id: int
    outcome: ReplyOutcome
    sentence: str


@dataclass(frozen=True)
class Decision:
    """Everything a look writes down; `reach` is where the visit's reminders would go."""

    code: Code
    campaign: str = ""
    route: ChoiceBasis | None = None
    findings: tuple[Finding, ...] = ()
    effects: tuple[EffectWanted, ...] = ()
    replies: tuple[ReplyVerdict, ...] = ()
    work_items: tuple[WorkItemWanted, ...] = ()
    look_again_at: datetime | None = None
    reach: Mapping[Channel, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The coverage state that the code belongs to."""
        return state_of(self.code)
