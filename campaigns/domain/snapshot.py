"""The snapshot: everything known that bears on one appointment, as plain values.

decisions/snapshot.py fills it from the database; decide() reads nothing else. Times are aware
and in UTC unless a field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from campaigns.domain.effects import (
    SYSTEM_OF,
    PatientBody,
    ReminderBody,
    VisitBody,
    WindowBody,
)
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    OnCancel,
    ReplyKind,
    ReplyOutcome,
    System,
)


@dataclass(frozen=True)
class Settings:
    """A practice's settings that bear on a decision (docs: interface of `configure`)."""

    time_zone: str = "America/New_York"
    language: str = "en"
    too_late_hours: int = 2
    risk_window_days: int = 180
    risk_threshold: int = 1
    # At the visit's department; and all that are in force at the practice, the lowest first.
    age_of_majority: int = 18
    ages_of_majority: tuple[int, ...] = (18,)
    landline_calls_ok: bool = False
    no_address_words: tuple[str, ...] = ()
    telehealth_link_required: bool = False
    several_providers: str = "first"
    general_campaign: str = ""
    general_provider: str = ""
    desk_task: str = "patient_case"
    waitlist_phone: str = ""
    waitlist_notice_hours: int = 2
    confirmed_status_id: str = ""
    operator_status_id: str = ""
    cancel_reason_id: str = ""
    cancel_reason_frees_slot: bool = False
    send_windows: Mapping[Channel, WindowBody] = field(default_factory=dict)


@dataclass(frozen=True)
class Provider:
    """A provider by athenahealth's id, with the name a patient knows."""

    external_id: str
    name: str


@dataclass(frozen=True)
class AppointmentFacts:
    """The appointment as last read; `starts_at` is None while its zone is unknown.

    `unreadable` names what of its row could not be read lately, `unreadable_twice` says that this
    was so when it was read again, `unreadable_since` when it was so last. `not_found_at` is when
    athenahealth first answered that there is no such visit, until it is read again.
    """

    id: int
    external_id: str
    status: AppointmentStatus
    starts_at: datetime | None
    time_zone: str
    local_start: datetime
    type_id: str
    type_name: str
    modality: Modality
    department_id: str = ""
    department_name: str = ""
    providers: tuple[Provider, ...] = ()
    confidential: bool = False
    on_cancel: OnCancel = OnCancel.AUTO
    confirmation: Confirmation = Confirmation.NONE
    confirmation_id: str = ""
    secondary: bool = False
    replaced_by: str = ""
    first_seen_at: datetime | None = None
    reread_wanted: bool = False
    join_url: str = ""
    join_read_at: datetime | None = None
    scheduled_at: datetime | None = None
    unreadable: str = ""
    unreadable_twice: bool = False
    unreadable_since: datetime | None = None
    not_found_at: datetime | None = None


@dataclass(frozen=True)
class Contact:
    """A grown-up named on a patient's record; `is_self` when the record names the patient.

    `related` says that the record states a relation, whatever it is.
    """

    name: str = ""
    relationship: str = ""
    mobile_phone: str = ""
    home_phone: str = ""
    email: str = ""
    is_self: bool = False
    may_guard: bool = False
    date_of_birth: date | None = None
    related: bool = False


NOBODY = Contact()

# What of a patient's record decides and may be unreadable, as people say it.
BIRTH_DATE, DEATH_DATE = "date of birth", "date of death"


@dataclass(frozen=True)
class Consent:
    """A word on being written to by one channel, and when; `seq` orders equal times.

    `reach` is the number or address that it was said from, empty when nobody knows. `own` says
    that it is about this patient, not about another who is written to there; `at_relatient` that
    Relatient has it in the patient's record.
    """

    channel: Channel
    state: str
    at: datetime
    seq: int = 0
    reach: str = ""
    own: bool = True
    at_relatient: bool = True


@dataclass(frozen=True)
class PatientDescription:
    """What the chart says of a patient; phones as it spells them.

    `date_of_birth` is set where it can be read. `unreadable` names what cannot (BIRTH_DATE,
    DEATH_DATE); `possible_birth_dates` are then all that the text may mean.

    Tri-state flags are None where the record says nothing; `wants` lacks a channel or holds None
    for it where no preference was ever set.
    """

    external_id: str
    first_name: str = ""
    last_name: str = ""
    preferred_name: str = ""
    date_of_birth: date | None = None
    active: bool = True
    mobile_phone: str = ""
    home_phone: str = ""
    work_phone: str = ""
    email: str = ""
    email_declined: bool = False
    consent_to_text: bool | None = None
    consent_to_call: bool | None = None
    do_not_call: bool | None = None
    wants: Mapping[Channel, bool | None] = field(default_factory=dict)
    preference_hint: Channel | None = None
    language_code: str = ""
    guarantor: Contact = NOBODY
    emergency: Contact = NOBODY
    department_external_id: str = ""
    unreadable: tuple[str, ...] = ()
    possible_birth_dates: tuple[date, ...] = ()


@dataclass(frozen=True)
class PatientFacts(PatientDescription):
    """The patient as last read, with what Relatient knows and what our own store has seen.

    `consents` holds the words about the patient, and those of others who are written to at the
    numbers and addresses of the patient's record; `told` what Kept last had Relatient record.
    """

    read_at: datetime | None = None
    history_read_at: datetime | None = None
    relatient_id: str = ""
    relatient_state: PatientBody | None = None
    consents: tuple[Consent, ...] = ()
    told: Mapping[Channel, Consent] = field(default_factory=dict)
    no_shows: tuple[date, ...] = ()
    reread_wanted: bool = False
    seen_before: bool = False


@dataclass(frozen=True)
class Rule:
    """One line of the mapping; an empty campaign excludes the type on purpose."""

    id: int
    type_id: str
    modality: str
    risk: str
    language: str
    campaign: str


@dataclass(frozen=True)
class Campaign:
    """A campaign of Relatient's library; `channels` in the order in which it uses them."""

    id: str
    name: str
    language: str
    modality: str
    intensity: str
    channels: tuple[Channel, ...]
    active: bool = True


@dataclass(frozen=True)
class EnrollmentFacts:
    """An enrollment of the appointment or of its lineage, with what the vendor last confirmed.

    `route` is the kind of visit that its campaign was chosen for, as ChoiceBasis.kind has it; empty
    when nobody knows. `surplus` is a second one at Relatient beside the one that counts, `foreign`
    one that was made for somebody else, to whom the visit belonged before.
    """

    id: int
    appointment_id: int
    generation: int
    campaign: str
    status: EnrollmentStatus
    vendor_id: str = ""
    vendor_state: ReminderBody | None = None
    last_announced: VisitBody | None = None
    ended_elsewhere: bool = False
    ended_at: datetime | None = None
    resend_dropped: bool = False
    route: Mapping[str, str] = field(default_factory=dict)
    messaged: bool = False
    messaged_at: datetime | None = None
    created_at: datetime | None = None
    reread_wanted: bool = False
    surplus: bool = False
    foreign: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it is on its way, active, or being ended."""
        return self.status in LIVE


@dataclass(frozen=True)
class EffectFacts:
    """An effect that still matters: unfinished, refused and not asked for anew, or done once for
    all.
    """

    id: int
    kind: EffectKind
    status: EffectStatus
    body: Mapping[str, Any]
    basis: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = ""
    appointment_id: int | None = None
    enrollment_id: int | None = None
    response_id: int | None = None
    attempts: int = 0
    code: str = ""
    sentence: str = ""

    @property
    def system(self) -> System:
        """What it was sent to."""
        return SYSTEM_OF[self.kind]

    @property
    def sent(self) -> bool:
        """Whether it was done, refused, or may have been done."""
        return self.status not in (EffectStatus.QUEUED, EffectStatus.SUPERSEDED)


@dataclass(frozen=True)
class ReplyFacts:
    """One answer of the patient, or one call outcome that the desk recorded.

    The desk may take its own back until `hold_until`; before, nothing follows from it. `words` are
    the patient's own; `channel` is the one that they came by, None where nobody knows.
    """

    id: int
    kind: ReplyKind
    occurred_at: datetime
    seq: int
    told_starts_at: datetime | None
    outcome: ReplyOutcome
    by_staff: bool = False
    hold_until: datetime | None = None
    cancel_reason_id: str = ""
    cancel_reason_frees_slot: bool = False
    event_id: str = ""
    channel: Channel | None = None
    words: str = field(default="", repr=False)


@dataclass(frozen=True)
class Instruction:
    """The latest active instruction of staff for this appointment."""

    kind: InstructionKind
    campaign: str
    at: datetime


@dataclass(frozen=True)
class Sibling:
    """Another visit of the same patient that has a live enrollment, or the same start.

    `cancelled_by_patient` says that an answer of the patient asked for its cancellation.
    """

    appointment_id: int
    external_id: str
    starts_at: datetime | None
    status: AppointmentStatus
    enrolled: bool
    read_at: datetime | None
    secondary: bool = False
    pending: bool = False
    cancelled_by_patient: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Everything known; enrollments and effects are those of the whole lineage.

    `rules_before` is the mapping as it was before a change that waits for approval; None when no
    change waits. `all_move_since` is when staff last said that a change also moves visits which
    are confirmed or were written to.
    """

    settings: Settings
    appointment: AppointmentFacts
    patient: PatientFacts
    rules: tuple[Rule, ...] = ()
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    enrollments: tuple[EnrollmentFacts, ...] = ()
    effects: tuple[EffectFacts, ...] = ()
    replies: tuple[ReplyFacts, ...] = ()
    instruction: Instruction | None = None
    siblings: tuple[Sibling, ...] = ()
    paused: frozenset[System] = frozenset()
    provider_names: Mapping[str, str] = field(default_factory=dict)
    rules_before: tuple[Rule, ...] | None = None
    all_move_since: datetime | None = None

    @property
    def _all_own(self) -> tuple[EnrollmentFacts, ...]:
        return tuple(e for e in self.enrollments if e.appointment_id == self.appointment.id)

    @property
    def own_enrollments(self) -> tuple[EnrollmentFacts, ...]:
        """The appointment's own enrollments without its lineage's, oldest generation first."""
        own = (e for e in self._all_own if not e.surplus)
        return tuple(sorted(own, key=lambda e: e.generation))

    @property
    def compared(self) -> tuple[EnrollmentFacts, ...]:
        """Own enrollments that have to be read from Relatient, to see what became of them."""
        return tuple(e for e in self._all_own if e.reread_wanted and e.vendor_id)

    @property
    def surplus(self) -> tuple[EnrollmentFacts, ...]:
        """Own enrollments that are active at Relatient beside the one that counts."""
        return tuple(e for e in self._all_own if e.surplus)

    @property
    def by_hand(self) -> bool:
        """Whether staff enrolled this visit by hand, and nobody withdrew it since."""
        return self.instruction is not None and self.instruction.kind is InstructionKind.ENROLLED
