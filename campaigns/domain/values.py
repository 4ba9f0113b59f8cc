"""The words of the domain: enumerations shared by everything that decides.

They are Kept's own. A vendor package translates its codes into these (integrations/<vendor>/
translate.py); nothing here knows how either vendor spells them.
"""

from __future__ import annotations

from enum import StrEnum


class System(StrEnum):
    """What an effect is sent to, whichever vendor a practice has for it."""

    CHART = "chart"
    ENGAGEMENT = "engagement"
    MAIL = "mail"


class Vendor(StrEnum):
    """Who runs a system, and the name by which people know it.

    A practice says which are in force (models/practice.py: vendor_of).
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Vendor:
        """A member that is its value, and has a label beside it."""
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member

    ATHENAHEALTH = "athenahealth", "athenahealth"
    RELATIENT = "relatient", "Relatient"
    FOLDER = "folder", "Folder"
    MAIL = "mail", "mail"


class AppointmentStatus(StrEnum):
    """Where an appointment stands in the chart, as last read; not found: it is there no more."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    NO_SHOW = "no_show"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    NOT_FOUND = "not_found"


class Confirmation(StrEnum):
    """What the chart says about the patient's promise to come."""

    NONE = ""
    CONFIRMED = "confirmed"
    CONFIRMED_BY_OPERATOR = "confirmed_by_operator"
    CONTACTED = "contacted"
    UNABLE_TO_REACH = "unable_to_reach"
    OTHER = "other"


CONFIRMED = frozenset({Confirmation.CONFIRMED, Confirmation.CONFIRMED_BY_OPERATOR})


class Modality(StrEnum):
    """Where the visit takes place."""

    IN_PERSON = "in_person"
    TELEHEALTH = "telehealth"


class Risk(StrEnum):
    """How likely the patient is to miss the visit, by their own past."""

    STANDARD = "standard"
    ENHANCED = "enhanced"


class Channel(StrEnum):
    """A way to reach a patient; the order is the order in which a yes is looked for."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


class RecipientKind(StrEnum):
    """Who is written to."""

    PATIENT = "patient"
    GUARDIAN = "guardian"


class EnrollmentStatus(StrEnum):
    """A stage in an enrollment's life; the transitions are in domain/enrollment_states.py."""

    WANTED = "wanted"
    ENROLLING = "enrolling"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"


class CancelReason(StrEnum):
    """Why an enrollment is ended, in the words Relatient accepts."""

    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_RESCHEDULED = "appointment_rescheduled"
    SUPERSEDED = "superseded"
    ROUTE_CHANGED = "route_changed"
    NOT_ELIGIBLE = "not_eligible"
    STAFF = "staff"
    OPTED_OUT = "opted_out"


class ReplyKind(StrEnum):
    """What a patient answered, or what the desk heard on the phone."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    RESCHEDULE_REQUESTED = "reschedule_requested"
    UNRECOGNIZED = "unrecognized"
    LEFT_VOICEMAIL = "left_voicemail"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    CALL_BACK = "call_back"


class ReplyOutcome(StrEnum):
    """What became of a reply; every reply ends with exactly one that is not pending."""

    PENDING = "pending"
    APPLIED = "applied"
    SUPERSEDED = "superseded"
    STALE = "stale"
    CONFLICT = "conflict"
    FOR_STAFF = "for_staff"
    WITHDRAWN = "withdrawn"


class OnCancel(StrEnum):
    """What a patient's cancellation does: cancel in the chart, or ask the desk."""

    AUTO = "auto"
    ASK = "ask"


class RuleChangeStatus(StrEnum):
    """What became of a change of the mapping."""

    APPLIED = "applied"
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"


class InstructionKind(StrEnum):
    """What staff can tell Kept about one appointment, obeyed until withdrawn."""

    PAUSED = "paused"
    STOPPED = "stopped"
    ENROLLED = "enrolled"


class WorkItemKind(StrEnum):
    """Why the desk has to look at an appointment."""

    UNRECOGNIZED_REPLY = "unrecognized_reply"
    STOP_IN_WORDS = "stop_in_words"
    CANCEL_AS_STOP = "cancel_as_stop"
    WORDS_DISAGREE = "words_disagree"
    MORE_IN_ANSWER = "more_in_answer"
    RESCHEDULE_REQUESTED = "reschedule_requested"
    CANCEL_REQUESTED = "cancel_requested"
    CONFLICT = "conflict"
    STALE_REPLY = "stale_reply"
    CHART_WRITE_FAILED = "chart_write_failed"
    NO_CONTACT = "no_contact"
    ENDED_ELSEWHERE = "ended_elsewhere"
    NOT_RESENT = "not_resent"
    WAITLIST_NOT_TOLD = "waitlist_not_told"
    MESSAGE_FAILED = "message_failed"
    PATIENT_AMBIGUOUS = "patient_ambiguous"
    ENROLLED_ELSEWHERE = "enrolled_elsewhere"
    TELEHEALTH_LINK = "telehealth_link"
    OPEN_SLOT = "open_slot"
    TEXTS_STOPPED = "texts_stopped"
    RECORD_UNREADABLE = "record_unreadable"
    VISIT_NOT_FOUND = "visit_not_found"
    BOOKED_TWICE = "booked_twice"
    OTHER_CANCELLED = "other_cancelled"
    REMINDERS_NOT_ENDED = "reminders_not_ended"
    WRITTEN_TWICE = "written_twice"


# Opened and closed by looks alone, for as long as what they say is so.
AUTOMATIC_ITEMS = frozenset(
    {
        WorkItemKind.NO_CONTACT,
        WorkItemKind.ENDED_ELSEWHERE,
        WorkItemKind.PATIENT_AMBIGUOUS,
        WorkItemKind.TELEHEALTH_LINK,
        WorkItemKind.RECORD_UNREADABLE,
        WorkItemKind.REMINDERS_NOT_ENDED,
    }
)
# True only for a while: a person closes them, or a look that no longer asks for them.
PASSING_ITEMS = frozenset(
    {
        WorkItemKind.OPEN_SLOT,
        WorkItemKind.VISIT_NOT_FOUND,
        WorkItemKind.BOOKED_TWICE,
        WorkItemKind.OTHER_CANCELLED,
        WorkItemKind.TEXTS_STOPPED,
        WorkItemKind.STOP_IN_WORDS,
        WorkItemKind.WORDS_DISAGREE,
        WorkItemKind.MORE_IN_ANSWER,
    }
)
# About a visit that is still to come, at the start that it had: they have no object any more once
# the visit has ended or was moved. A person may close them before.
ITEMS_OF_A_START = frozenset(
    {
        WorkItemKind.RESCHEDULE_REQUESTED,
        WorkItemKind.CANCEL_REQUESTED,
        WorkItemKind.CANCEL_AS_STOP,
        WorkItemKind.NOT_RESENT,
        WorkItemKind.MESSAGE_FAILED,
    }
)


class EffectKind(StrEnum):
    """Everything Kept does to, or asks of, the outside world."""

    READ_PATIENT = "read_patient"
    READ_HISTORY = "read_history"
    READ_APPOINTMENT = "read_appointment"
    READ_ENROLLMENT = "read_enrollment"
    UPSERT_PATIENT = "upsert_patient"
    ENROLL = "enroll"
    UPDATE_ENROLLMENT = "update_enrollment"
    CANCEL_ENROLLMENT = "cancel_enrollment"
    RESEND = "resend"
    WAITLIST_NOTICE = "waitlist_notice"
    TELL_CONSENT = "tell_consent"
    WRITE_CONFIRMATION = "write_confirmation"
    CANCEL_APPOINTMENT = "cancel_appointment"
    SCHEDULE_NOTE = "schedule_note"
    PATIENT_CASE = "patient_case"
    ALERT = "alert"


class EffectStatus(StrEnum):
    """Where an effect stands in the outbox."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARKED = "parked"
    SUPERSEDED = "superseded"


# Claimed, or its outcome unknown (parked too): at most one per vendor and subject.
IN_FLIGHT = frozenset({EffectStatus.CLAIMED, EffectStatus.UNKNOWN, EffectStatus.PARKED})


class OutcomeKind(StrEnum):
    """How one attempt at an effect ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LATER = "later"
    UNKNOWN = "unknown"
