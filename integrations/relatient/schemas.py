"""What Kept reads of Relatient's answers: narrow, and tolerant of everything else.

Optional strings may be missing or null; both mean "not given". Errors of these models never show
the value that was wrong, because it may be a patient's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Answer(BaseModel):
    """The tolerance that all answers share."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, coerce_numbers_to_str=True
    )


class Failure(Answer):
    """The error envelope; its title and detail may name a patient and are never read."""

    code: str
    existing_id: str | None = None


class Ping(Answer):
    """Whose key this is and what it may do."""

    practice_id: str
    scopes: list[str]


class Patient(Answer):
    """A patient record."""

    id: str
    etag: str
    external_id: str
    first_name: str | None = None
    last_name: str | None = None
    date_of_birth: date | None = None
    email: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    language: str | None = None
    consents: dict[str, str | None] | None = None


class Step(Answer):
    """One message of a campaign."""

    channel: str


class Campaign(Answer):
    """A campaign of the library."""

    id: str
    name: str
    language: str
    modality: str
    intensity: str
    channels: list[str]
    steps: list[Step]
    active: bool


class CampaignPage(Answer):
    """One page of the library."""

    campaigns: list[Campaign]
    next_cursor: str | None = None


class Appointment(Answer):
    """The visit that an enrollment reminds of."""

    external_id: str
    starts_at: AwareDatetime
    time_zone: str
    provider_external_id: str
    provider_name: str | None = None
    department_name: str | None = None
    type_name: str | None = None
    modality: str | None = None
    join_url: str | None = None


class Recipient(Answer):
    """Who is written to; an enrollment that names nobody writes to the patient."""

    kind: str = "patient"
    name: str | None = None
    relationship: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    email: str | None = None


class Enrollment(Answer):
    """An enrollment as it is now."""

    id: str
    status: str
    patient_id: str
    campaign_id: str
    appointment: Appointment
    recipient: Recipient | None = None
    lead_channel: str
    channels_allowed: list[str]
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None


class EnrollmentList(Answer):
    """A patient's enrollments."""

    enrollments: list[Enrollment]


class EnrollmentPage(Answer):
    """One page of the practice's, each left as it came: one odd row must not hide the others."""

    enrollments: list[dict[str, Any]]
    next_cursor: str | None = None


class Message(Answer):
    """One message and what became of it."""

    id: str
    channel: str
    step: str | None = None
    status: str
    reason: str | None = None
    created_at: AwareDatetime


class MessageList(Answer):
    """What was sent for an enrollment."""

    messages: list[Message]


class EventPage(Answer):
    """One page of events, each left as it came so that it can be stored before it is read."""

    events: list[dict[str, Any]]
    next_cursor: str | None = None
    has_more: bool


class Event(Answer):
    """One event; which of the optional fields it has depends on its type."""

    id: str
    seq: int
    type: str
    occurred_at: AwareDatetime
    enrollment_id: str | None = None
    patient_external_id: str | None = None
    appointment_external_id: str | None = None
    appointment_starts_at: AwareDatetime | None = None
    channel: str | None = None
    raw_text: str | None = None
