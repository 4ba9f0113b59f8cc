"""What campaigns need of the outside: two gateways, their records, and how a call can end.

The vendor packages fit themselves to this page; campaigns never import them. A gateway is built
for one practice, with a deadline and a guard that runs before every single HTTP call and raises
LeaseLost when the work is no longer ours. Gateways repeat nothing: retries live in the outbox.

    GatewayError
    ├── Refused         certainly not done, and not to be repeated as it is
    │   └── Unreadable  a record that cannot be understood
    ├── TryLater        certainly not done (429, refused connection, paused); maybe with a time
    └── OutcomeUnknown  a write that may have been done (timeout, reset, 5xx)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody
from campaigns.domain.values import (
    CancelReason,
)
from campaigns.vendor_records import (
    AppointmentRecord,
    EnrollmentRecord,
    PatientMirror,
    PatientRecord,
    SentMessage,
    WaitlistRecord,
)

CREDENTIALS = "credentials_rejected"
NOT_FOUND = "not_found"
AMBIGUOUS = "ambiguous"
ACTIVE_EXISTS = "active_enrollment_exists"
NOT_ACTIVE = "not_active"
CHANGED_MEANWHILE = "changed_meanwhile"
THROTTLED = "rate_limited"
QUOTA_SPENT = "quota_spent"
PAUSED = "connection_paused"
HELD_BACK = "held_back"
# Codes of a "later" that is no fault of the vendor's: no sign of an outage, no step to parking.
ONLY_WAITING = frozenset({THROTTLED, QUOTA_SPENT, PAUSED, HELD_BACK})
# Codes of refusals that were not the vendor's judgement of the request itself.
NOT_THE_VENDORS_WORD = frozenset({"redirected", "forbidden", "not_connected", "vendor_nonsense"})


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


class Unreadable(Refused):
    """The vendor answered with a record that cannot be understood; `what` of it, in words."""

    def __init__(self, sentence: str, what: str, code: str = "vendor_nonsense") -> None:
        super().__init__(sentence, code=code)
        self.what = what


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

    def read_join_link(self, appointment: str) -> str:
        """The link to today's video visit; empty when the EHR has no room for it."""
        ...

    def read_waitlist(self) -> Sequence[WaitlistRecord]:
        """Everybody who waits for an earlier visit."""
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

    def count_schedule_notes(self, appointment: str, marker: str) -> int:
        """How many notes with this marker are on the appointment."""
        ...

    def create_patient_case(
        self, patient: str, department: str, provider: str, subject: str, text: str
    ) -> str:
        """Open a task for the desk in the EHR; its id."""
        ...

    def count_patient_cases(self, patient: str, department: str, marker: str) -> int:
        """How many tasks with this marker exist."""
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

    def record_consent(self, vendor_id: str, channel: str, state: str, at: str) -> None:
        """Have the record say opted_in or opted_out for a channel, since `at` (ISO-8601, UTC)."""
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


# The effect whose call is going on, so that the log of HTTP exchanges can name it.
EFFECT_IN_HAND: ContextVar[int | None] = ContextVar("effect_in_hand", default=None)
