"""What is read from a vendor, in Kept's words: the other half of campaigns/ports.py.

A vendor package translates its rows into these (integrations/<vendor>/translate.py); nothing else
of a vendor comes any further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from campaigns.domain.effects import PatientBody, ReminderBody
from campaigns.domain.snapshot import PatientDescription
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EnrollmentStatus,
    ReplyKind,
)
from campaigns.domain.waitlist_match import Waiting


@dataclass(frozen=True)
class ReadSpan:
    """When a read began and ended, by the database's clock."""

    began: datetime
    ended: datetime


@dataclass(frozen=True)
class AppointmentRecord:
    """An appointment row of the EHR in Kept's words. `local_start` is naive department time."""

    external_id: str
    patient_external_id: str
    department_external_id: str
    provider_external_ids: tuple[str, ...]
    type_external_id: str
    type_name: str
    patient_type_name: str
    local_start: datetime
    duration_minutes: int | None
    status: AppointmentStatus
    confirmation_external_id: str = ""
    replaced_by: str = ""
    cancel_reason_external_id: str = ""
    cancelled_by: str = ""
    secondary: bool = False
    telehealth: bool | None = None
    scheduled_at: datetime | None = None
    scheduled_by: str = ""
    last_modified_at: datetime | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatientRecord(PatientDescription):
    """A patient of the EHR in Kept's words, with the ids that were merged into this one."""

    previous_external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatientMirror:
    """A patient as Relatient holds them; `consents` by channel: opted_in, opted_out, unknown."""

    vendor_id: str
    etag: str
    vendor_state: PatientBody
    consents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EnrollmentRecord:
    """An enrollment as Relatient holds it."""

    vendor_id: str
    patient_vendor_id: str
    appointment_external_id: str
    campaign: str
    status: EnrollmentStatus
    vendor_state: ReminderBody
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class WaitlistRecord(Waiting):
    """An entry of the EHR's waitlist in Kept's words."""


@dataclass(frozen=True)
class SentMessage:
    """One message that Relatient logged for an enrollment."""

    vendor_id: str
    channel: str
    step: str
    status: str
    created_at: datetime


class EventType(StrEnum):
    """What Relatient reports of its own accord."""

    REPLY = "reply"
    MESSAGE_DELIVERED = "message_delivered"
    MESSAGE_FAILED = "message_failed"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    ENROLLMENT_COMPLETED = "enrollment_completed"


@dataclass(frozen=True)
class EventRecord:
    """One event of Relatient in Kept's words; `seq` orders the events of equal times.

    A reply has its kind and all ids; a consent has patient and channel; the others an enrollment.
    """

    event_id: str
    seq: int
    type: EventType
    occurred_at: datetime
    enrollment_vendor_id: str = ""
    patient_external_id: str = ""
    appointment_external_id: str = ""
    told_starts_at: datetime | None = None
    channel: Channel | None = None
    raw_text: str = ""
    reply: ReplyKind | None = None


@dataclass(frozen=True)
class CampaignRecord:
    """A campaign of Relatient's library; `channels` in the order in which its steps use them."""

    external_id: str
    name: str
    language: str
    modality: str
    intensity: str
    channels: tuple[Channel, ...]
    active: bool


@dataclass(frozen=True)
class DepartmentRecord:
    """A department; `time_zone` is an IANA name, empty while nobody knows it."""

    external_id: str
    name: str
    public_name: str = ""
    phone: str = ""
    time_zone: str = ""


@dataclass(frozen=True)
class ProviderRecord:
    """A provider, or a resource that is booked like one."""

    external_id: str
    name: str
    is_person: bool = True


@dataclass(frozen=True)
class TypeRecord:
    """A kind of visit, with the name that patients see."""

    external_id: str
    name: str
    public_name: str = ""


@dataclass(frozen=True)
class CancelReasonRecord:
    """A cancel reason of the practice, with what it says and does."""

    external_id: str
    name: str
    no_show: bool = False
    patient_rescheduled: bool = False
    provider_unavailable: bool = False
    frees_slot: bool = False


@dataclass(frozen=True)
class ConfirmationRecord:
    """A confirmation status, with its meaning found by name."""

    external_id: str
    name: str
    meaning: Confirmation
