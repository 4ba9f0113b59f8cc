"""The bodies of effects, in Kept's own words, and what a decision asks for.

A body is plain JSON: it is compared with what a vendor holds, frozen with its key in the outbox,
and translated by the vendor's gateway at the last moment. Instants are ISO-8601 in UTC with a
trailing Z, phones are E.164, languages BCP-47.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypedDict

from campaigns.domain.values import EffectKind, System, WorkItemKind

# The code of a chart write that was refused because the chart had changed since it may have been
# done: to repeat it could overwrite what staff changed.
CHANGED_BY_OTHERS = "changed_by_others"


class VisitBody(TypedDict):
    """What a reminder tells the patient about the visit; a change of any of it is told again."""

    appointment: str
    starts_at: str
    time_zone: str
    provider: str
    provider_name: str
    department_name: str
    type_name: str
    modality: str
    join_url: str


class RecipientBody(TypedDict):
    """Who is written to and where; numbers and addresses of an adult, never of a child."""

    kind: str
    name: str
    relationship: str
    mobile_phone: str | None
    home_phone: str | None
    email: str | None


class ReminderBody(TypedDict):
    """Everything of an enrollment that an update can change."""

    visit: VisitBody
    recipient: RecipientBody
    lead_channel: str
    channels: list[str]


class WindowBody(TypedDict):
    """When messages may go out, HH:MM in the patient's local time."""

    start: str
    end: str


class EnrollBody(TypedDict):
    """One enrollment: the patient's Relatient id, the campaign, and the reminder's details."""

    patient: str
    campaign: str
    reminder: ReminderBody
    send_window: WindowBody


class PatientBody(TypedDict):
    """A patient as Relatient should hold them; a minor's own contacts are left out."""

    patient: str
    first_name: str
    last_name: str
    date_of_birth: str | None
    email: str | None
    mobile_phone: str | None
    home_phone: str | None
    language: str


SYSTEM_OF: dict[EffectKind, System] = {
    EffectKind.READ_PATIENT: System.CHART,
    EffectKind.READ_HISTORY: System.CHART,
    EffectKind.READ_APPOINTMENT: System.CHART,
    EffectKind.READ_ENROLLMENT: System.ENGAGEMENT,
    EffectKind.UPSERT_PATIENT: System.ENGAGEMENT,
    EffectKind.ENROLL: System.ENGAGEMENT,
    EffectKind.UPDATE_ENROLLMENT: System.ENGAGEMENT,
    EffectKind.CANCEL_ENROLLMENT: System.ENGAGEMENT,
    EffectKind.RESEND: System.ENGAGEMENT,
    EffectKind.WAITLIST_NOTICE: System.ENGAGEMENT,
    EffectKind.TELL_CONSENT: System.ENGAGEMENT,
    EffectKind.WRITE_CONFIRMATION: System.CHART,
    EffectKind.CANCEL_APPOINTMENT: System.CHART,
    EffectKind.SCHEDULE_NOTE: System.CHART,
    EffectKind.PATIENT_CASE: System.CHART,
    EffectKind.ALERT: System.MAIL,
}


def kinds_sent_to(systems: Collection[System]) -> list[EffectKind]:
    """The kinds of effects that go to one of these systems."""
    return [kind for kind, system in SYSTEM_OF.items() if system in systems]


READS = frozenset(
    {
        EffectKind.READ_PATIENT,
        EffectKind.READ_HISTORY,
        EffectKind.READ_APPOINTMENT,
        EffectKind.READ_ENROLLMENT,
    }
)
# A read of another visit of the patient, asked for by the one that waits to be enrolled.
BEFORE_ENROLLING = "before_enrolling"
# A read of a visit whose row could not be understood, or was not found.
DISBELIEVED = "disbelieved"
# The link to a video visit, which exists on its day only; who waits for a slot that has opened.
JOIN_LINK = "join_link"
WAITLIST = "waitlist"
# About the patient as a whole; every other kind is about one appointment.
PATIENT_KINDS = frozenset(
    {
        EffectKind.READ_PATIENT,
        EffectKind.READ_HISTORY,
        EffectKind.UPSERT_PATIENT,
        EffectKind.TELL_CONSENT,
    }
)


@dataclass(frozen=True)
class EffectWanted:
    """One effect that a decision asks for.

    `basis` holds the facts beside the body on which a refusal would depend (times of consents,
    for one): a refused effect is asked for again only when body or basis has changed.
    """

    kind: EffectKind
    body: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = ""
    basis: Mapping[str, Any] = field(default_factory=dict)
    appointment_id: int | None = None
    enrollment_id: int | None = None
    response_id: int | None = None

    @property
    def system(self) -> System:
        """What this effect is sent to."""
        return SYSTEM_OF[self.kind]


@dataclass(frozen=True)
class WorkItemWanted:
    """Something a person has to look at, and why, in words without patient data.

    One with an `occasion` is not opened again for the same one once a person has closed it; one
    that is open for another occasion gives way to it.
    """

    kind: WorkItemKind
    sentence: str
    response_id: int | None = None
    occasion: str = ""


def instant(moment: datetime) -> str:
    """An aware datetime as bodies hold it: ISO-8601 in UTC, whole seconds, trailing Z."""
    return moment.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
