"""The ledger's vocabulary: one state, one code and one sentence for every appointment.

The codes are all there are. A sentence tells a receptionist what is the case and what to do
about it; it holds no patient data, so it may appear on any page and in any log.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The six groups a receptionist can tell apart at a glance."""

    PENDING = "pending"
    ENROLLED = "enrolled"
    EXCLUDED = "excluded"
    BLOCKED = "blocked"
    FAILED = "failed"
    CLOSED = "closed"


class Code(StrEnum):
    """Why an appointment is in its state."""

    AWAITING_PATIENT = "awaiting_patient"
    AWAITING_HISTORY = "awaiting_history"
    EFFECT_IN_FLIGHT = "effect_in_flight"
    WAITING_TO_RETRY = "waiting_to_retry"
    CONNECTION_PAUSED = "connection_paused"
    HELD_FOR_APPROVAL = "held_for_approval"
    ENROLLED = "enrolled"
    NO_RULE = "no_rule"
    TYPE_EXCLUDED = "type_excluded"
    OPTED_OUT = "opted_out"
    TOO_LATE = "too_late"
    PATIENT_INACTIVE = "patient_inactive"
    SECONDARY_RESOURCE = "secondary_resource"
    STOPPED_BY_STAFF = "stopped_by_staff"
    NO_CONTACT_CHANNEL = "no_contact_channel"
    GUARDIAN_CONTACT_MISSING = "guardian_contact_missing"
    TELEHEALTH_LINK_MISSING = "telehealth_link_missing"
    CAMPAIGN_INACTIVE = "campaign_inactive"
    NO_PROVIDER = "no_provider"
    PATIENT_AMBIGUOUS = "patient_ambiguous"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    ENDED_ELSEWHERE = "ended_elsewhere"
    RECORD_UNREADABLE = "record_unreadable"
    VENDOR_REJECTED = "vendor_rejected"
    CREDENTIALS_REJECTED = "credentials_rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    NO_SHOW = "no_show"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    OUTCOME_NOT_RECORDED = "outcome_not_recorded"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Entry:
    """A code's place in the ledger."""

    state: State
    sentence: str


LEDGER: dict[Code, Entry] = {
    Code.AWAITING_PATIENT: Entry(
        State.PENDING, "Reading the patient's record from athenahealth. Nothing to do."
    ),
    Code.AWAITING_HISTORY: Entry(
        State.PENDING, "Reading the patient's past visits from athenahealth. Nothing to do."
    ),
    Code.EFFECT_IN_FLIGHT: Entry(
        State.PENDING, "A change is on its way to athenahealth or Relatient. Nothing to do."
    ),
    Code.WAITING_TO_RETRY: Entry(
        State.PENDING, "The last try did not get through. Kept tries again by itself."
    ),
    Code.CONNECTION_PAUSED: Entry(
        State.PENDING,
        "Nothing is sent: the connection is paused, or the vendor is away. Admins see which.",
    ),
    Code.HELD_FOR_APPROVAL: Entry(
        State.PENDING,
        "A rule change moves many visits and waits for a second person. Ask clinical ops.",
    ),
    Code.ENROLLED: Entry(State.ENROLLED, "The patient is getting reminders for this visit."),
    Code.NO_RULE: Entry(
        State.EXCLUDED,
        "No campaign rule covers this kind of visit. Clinical ops can add one.",
    ),
    Code.TYPE_EXCLUDED: Entry(
        State.EXCLUDED, "This kind of visit gets no reminders, by choice of clinical ops."
    ),
    Code.OPTED_OUT: Entry(
        State.EXCLUDED, "The patient refused every way we could reach them. Do not text or email."
    ),
    Code.TOO_LATE: Entry(
        State.EXCLUDED, "The visit starts too soon for reminders. Call the patient if needed."
    ),
    Code.PATIENT_INACTIVE: Entry(
        State.EXCLUDED,
        "The patient is inactive or deceased in athenahealth. Check the record before calling.",
    ),
    Code.SECONDARY_RESOURCE: Entry(
        State.EXCLUDED, "Part of another visit at the same time, which has its own reminders."
    ),
    Code.STOPPED_BY_STAFF: Entry(
        State.EXCLUDED, "A colleague stopped the reminders for this visit. See the timeline."
    ),
    Code.NO_CONTACT_CHANNEL: Entry(
        State.BLOCKED,
        "No usable mobile number or email on file. Ask for one and add it in athenahealth.",
    ),
    Code.GUARDIAN_CONTACT_MISSING: Entry(
        State.BLOCKED,
        "The patient is a minor and no parent or guardian contact is on file. "
        "Add the guarantor's phone or email in athenahealth.",
    ),
    Code.TELEHEALTH_LINK_MISSING: Entry(
        State.BLOCKED,
        "The video visit is today and has no join link. Open the visit in athenahealth and check.",
    ),
    Code.CAMPAIGN_INACTIVE: Entry(
        State.BLOCKED,
        "The chosen campaign is switched off at Relatient. Clinical ops must pick another.",
    ),
    Code.NO_PROVIDER: Entry(
        State.BLOCKED,
        "The visit names no provider. Assign one in athenahealth, or set a general provider.",
    ),
    Code.PATIENT_AMBIGUOUS: Entry(
        State.BLOCKED,
        "Relatient holds two records of this patient. Ask an admin to have them merged.",
    ),
    Code.TIME_ZONE_UNKNOWN: Entry(
        State.BLOCKED,
        "The department's time zone is unknown. An admin can set it in the console.",
    ),
    Code.ENDED_ELSEWHERE: Entry(
        State.BLOCKED,
        "Somebody ended the reminders at Relatient. Enroll by hand if they should go on.",
    ),
    Code.RECORD_UNREADABLE: Entry(
        State.BLOCKED,
        "Something in athenahealth cannot be read, so nobody is written to. Correct it there.",
    ),
    Code.VENDOR_REJECTED: Entry(
        State.FAILED,
        "The last change was refused. See the reason in the timeline, mend it, try again.",
    ),
    Code.CREDENTIALS_REJECTED: Entry(
        State.FAILED, "The connection's credentials or permissions were refused. Tell an admin."
    ),
    Code.OUTCOME_UNKNOWN: Entry(
        State.FAILED,
        "We could not learn whether the last change was done. Check at the vendor, then try again.",
    ),
    Code.CANCELLED: Entry(State.CLOSED, "The visit is cancelled."),
    Code.RESCHEDULED: Entry(State.CLOSED, "The visit was moved to another appointment."),
    Code.NO_SHOW: Entry(State.CLOSED, "The patient did not come."),
    Code.CHECKED_IN: Entry(State.CLOSED, "The patient is checked in."),
    Code.COMPLETED: Entry(State.CLOSED, "The visit took place."),
    Code.OUTCOME_NOT_RECORDED: Entry(
        State.CLOSED,
        "The visit's time has passed and athenahealth says neither came nor cancelled. "
        "Record the outcome there.",
    ),
    Code.NOT_FOUND: Entry(
        State.CLOSED,
        "athenahealth does not know this visit any more. Check there whether it takes place.",
    ),
}

# When several reasons hold, the first of these is shown; the findings keep them all.
PRECEDENCE: tuple[Code, ...] = (
    Code.PATIENT_INACTIVE,
    Code.SECONDARY_RESOURCE,
    Code.TOO_LATE,
    Code.TYPE_EXCLUDED,
    Code.NO_RULE,
    Code.STOPPED_BY_STAFF,
    Code.ENDED_ELSEWHERE,
    Code.NO_PROVIDER,
    Code.TIME_ZONE_UNKNOWN,
    Code.RECORD_UNREADABLE,
    Code.PATIENT_AMBIGUOUS,
    Code.GUARDIAN_CONTACT_MISSING,
    Code.NO_CONTACT_CHANNEL,
    Code.OPTED_OUT,
    Code.CAMPAIGN_INACTIVE,
    Code.TELEHEALTH_LINK_MISSING,
)


def state_of(code: Code) -> State:
    """The state that a code belongs to."""
    return LEDGER[code].state


def sentence_of(code: Code) -> str:
    """What a receptionist reads for a code."""
    return LEDGER[code].sentence
