"""What campaigns need of the outside: two gateways, their records, and how a call can end.

The vendor packages fit themselves to this page; campaigns never import them. A gateway is built
for one practice, with a deadline and a guard that runs before every single HTTP call and raises
LeaseLost when the work is no longer ours. Gateways repeat nothing: retries live in the outbox.

    GatewayError
    ├── Refused         certainly not done, and not to be repeated as it is
    ├── TryLater        certainly not done (429, refused connection, paused); maybe with a time
    └── OutcomeUnknown  a write that may have been done (timeout, reset, 5xx)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody
from campaigns.domain.facts import NOBODY, Contact
from campaigns.domain.values import (
    AppointmentStatus,
    CancelReason,
    Channel,
    Confirmation,
    EnrollmentStatus,
    ReplyKind,
)

CREDENTIALS = "credentials_rejected"
NOT_FOUND = "not_found"
AMBIGUOUS = "ambiguous"
ACTIVE_EXISTS = "active_enrollment_exists"
NOT_ACTIVE = "not_active"


class GatewayError(Exception):
    """A call that did not end well. The text is a plain sentence and holds no patient data."""

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        http_status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
        existing_id: str = "",
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after = retry_after
        self.existing_id = existing_id


class Refused(GatewayError):
    """The vendor said no, and nothing was done."""


class TryLater(GatewayError):
    """Certainly not done; `retry_after` seconds when the vendor named a time."""


class OutcomeUnknown(GatewayError):
    """It may have been done: the outbox must ask before it repeats."""


class LeaseLost(Exception):
    """The work was taken over by another process; nothing was sent after that was noticed."""


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock after which no call may go on."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline this many seconds from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left; negative when it has passed."""
        return self.at - time.monotonic()


Guard = Callable[[], None]


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
class PatientRecord:
    """A patient of the EHR in Kept's words; phones as the record spells them."""

    external_id: str
    first_name: str = ""
    last_name: str = ""
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
    wants_email: bool | None = None
    wants_sms: bool | None = None
    wants_voice: bool | None = None
    preference_hint: Channel | None = None
    language_code: str = ""
    guarantor: Contact = NOBODY
    emergency: Contact = NOBODY
    department_external_id: str = ""
    previous_external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatientMirror:
    """A patient as Relatient holds them."""

    vendor_id: str
    etag: str
    holds: PatientBody


@dataclass(frozen=True)
class EnrollmentRecord:
    """An enrollment as Relatient holds it."""

    vendor_id: str
    patient_vendor_id: str
    appointment_external_id: str
    campaign: str
    status: EnrollmentStatus
    holds: ReminderBody
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class SentMessage:
    """One message that Relatient logged for an enrollment."""

    vendor_id: str
    channel: str
    step: str
    status: str
    created_at: datetime


class EhrGateway(Protocol):
    """What Kept asks of athenahealth. Every method may raise a GatewayError or LeaseLost."""

    def read_appointment(self, appointment: str) -> AppointmentRecord:
        """One appointment as it is now."""
        ...

    def read_patient(self, patient: str) -> PatientRecord:
        """One patient as they are now."""
        ...

    def read_history(self, patient: str, first: date, last: date) -> Sequence[AppointmentRecord]:
        """The patient's booked and cancelled visits from first to last date, both included."""
        ...

    def write_confirmation(self, appointment: str, confirmation_status: str) -> None:
        """Set the appointment's confirmation status (the practice's reference id)."""
        ...

    def cancel_appointment(self, appointment: str, patient: str, reason: str, note: str) -> None:
        """Cancel with a reason of the practice's list and a note that carries our marker."""
        ...

    def add_schedule_note(self, appointment: str, text: str) -> None:
        """Add a note that shows on the day's schedule."""
        ...

    def has_schedule_note(self, appointment: str, marker: str) -> bool:
        """Whether a note with this marker is on the appointment already."""
        ...

    def create_patient_case(
        self, patient: str, department: str, provider: str, subject: str, text: str
    ) -> str:
        """Open a task for the desk in the EHR; its id."""
        ...

    def has_patient_case(self, patient: str, department: str, marker: str) -> bool:
        """Whether a task with this marker exists already."""
        ...


class EngagementGateway(Protocol):
    """What Kept asks of Relatient. Every method may raise a GatewayError or LeaseLost."""

    def find_patient(self, patient: str) -> PatientMirror | None:
        """The patient with this athenahealth id; Refused `ambiguous` when there are two."""
        ...

    def create_patient(self, body: PatientBody, key: str) -> PatientMirror:
        """Create; an existing record with the same id is returned unchanged."""
        ...

    def update_patient(self, vendor_id: str, body: PatientBody, etag: str) -> PatientMirror:
        """Make the record hold the body."""
        ...

    def list_enrollments(self, patient_vendor_id: str) -> Sequence[EnrollmentRecord]:
        """All of the patient's enrollments, newest first."""
        ...

    def enroll(self, body: EnrollBody, key: str) -> EnrollmentRecord:
        """Enroll; Refused `active_enrollment_exists` names the existing one."""
        ...

    def read_enrollment(self, vendor_id: str) -> EnrollmentRecord:
        """One enrollment as it is now."""
        ...

    def update_enrollment(self, vendor_id: str, body: ReminderBody) -> EnrollmentRecord:
        """Replace the reminder's details of an active enrollment."""
        ...

    def cancel_enrollment(self, vendor_id: str, reason: CancelReason) -> EnrollmentRecord:
        """End it; ended before is fine."""
        ...

    def resend(self, vendor_id: str, key: str) -> None:
        """Send the initial step again with the present details."""
        ...

    def list_messages(self, vendor_id: str) -> Sequence[SentMessage]:
        """What was sent for an enrollment."""
        ...

    def send_message(self, to: str, text: str, key: str) -> None:
        """Text one of the practice's own numbers (the waitlist desk)."""
        ...


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


# The effect whose call is going on, so that the log of HTTP exchanges can name it.
EFFECT_IN_HAND: ContextVar[int | None] = ContextVar("effect_in_hand", default=None)
