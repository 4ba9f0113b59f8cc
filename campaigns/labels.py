"""The domain's codes in the words of a receptionist. Every enumeration shown on a page is here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.conf.locale import LANG_INFO

from campaigns.domain.coverage import Code, State
from campaigns.domain.effects import JOIN_LINK, WAITLIST
from campaigns.domain.reply_kinds import REPLY_KINDS
from campaigns.domain.values import (
    AppointmentStatus,
    CancelReason,
    Channel,
    Confirmation,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    OutcomeKind,
    ReplyOutcome,
    RuleChangeStatus,
    Vendor,
    WorkItemKind,
)

VENDORS = {vendor: vendor.label for vendor in Vendor}
STATES = {
    State.PENDING: "Pending",
    State.ENROLLED: "Enrolled",
    State.EXCLUDED: "Excluded",
    State.BLOCKED: "Blocked",
    State.FAILED: "Failed",
    State.CLOSED: "Closed",
}
APPOINTMENTS = {
    AppointmentStatus.SCHEDULED: "scheduled",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.RESCHEDULED: "moved to another appointment",
    AppointmentStatus.NO_SHOW: "no-show",
    AppointmentStatus.CHECKED_IN: "checked in",
    AppointmentStatus.COMPLETED: "completed",
    AppointmentStatus.NOT_FOUND: "not found any more",
}
CONFIRMATIONS = {
    Confirmation.NONE: "not confirmed",
    Confirmation.CONFIRMED: "confirmed",
    Confirmation.CONFIRMED_BY_OPERATOR: "confirmed by operator",
    Confirmation.CONTACTED: "contacted, not confirmed",
    Confirmation.UNABLE_TO_REACH: "unable to reach",
    Confirmation.OTHER: "another status of the practice",
}
MODALITIES = {Modality.IN_PERSON: "in person", Modality.TELEHEALTH: "telehealth"}
CHANNELS = {Channel.SMS: "text", Channel.EMAIL: "email", Channel.VOICE: "call"}
EFFECTS = {
    EffectKind.READ_PATIENT: "Read the patient's record",
    EffectKind.READ_HISTORY: "Read the patient's past visits",
    EffectKind.READ_APPOINTMENT: "Read the visit again",
    EffectKind.READ_ENROLLMENT: "Read the enrollment",
    EffectKind.UPSERT_PATIENT: "Tell Relatient the patient's contact data",
    EffectKind.TELL_CONSENT: "Tell Relatient whether it may write",
    EffectKind.ENROLL: "Enroll in reminders",
    EffectKind.UPDATE_ENROLLMENT: "Update the reminders",
    EffectKind.CANCEL_ENROLLMENT: "End the reminders",
    EffectKind.RESEND: "Tell the patient the new details",
    EffectKind.WAITLIST_NOTICE: "Text the waitlist desk",
    EffectKind.WRITE_CONFIRMATION: "Write the confirmation to the chart",
    EffectKind.CANCEL_APPOINTMENT: "Cancel the visit in the chart",
    EffectKind.SCHEDULE_NOTE: "Put a note on the schedule",
    EffectKind.PATIENT_CASE: "Open a task in athenahealth",
    EffectKind.ALERT: "Mail an alert",
}
# Reads of an appointment that are about something else than its row.
PURPOSES = {JOIN_LINK: "Ask for the video link", WAITLIST: "Read the waitlist"}
EFFECT_STATUSES = {
    EffectStatus.QUEUED: "waiting",
    EffectStatus.CLAIMED: "on its way",
    EffectStatus.UNKNOWN: "being checked",
    EffectStatus.ACCEPTED: "done",
    EffectStatus.REJECTED: "refused",
    EffectStatus.PARKED: "needs a person",
    EffectStatus.SUPERSEDED: "no longer needed",
}
OUTCOMES = {
    OutcomeKind.ACCEPTED: "done",
    OutcomeKind.REJECTED: "refused",
    OutcomeKind.LATER: "did not get through",
    OutcomeKind.UNKNOWN: "no clear answer",
}
ENROLLMENTS = {
    EnrollmentStatus.WANTED: "about to begin",
    EnrollmentStatus.ENROLLING: "being made",
    EnrollmentStatus.ACTIVE: "active",
    EnrollmentStatus.COMPLETED: "completed",
    EnrollmentStatus.CANCELLING: "being ended",
    EnrollmentStatus.CANCELLED: "ended",
    EnrollmentStatus.FAILED: "refused by Relatient",
}
END_REASONS = {
    CancelReason.APPOINTMENT_CANCELLED: "the visit is cancelled",
    CancelReason.APPOINTMENT_RESCHEDULED: "the visit was moved",
    CancelReason.SUPERSEDED: "replaced by another enrollment",
    CancelReason.ROUTE_CHANGED: "another campaign fits now",
    CancelReason.NOT_ELIGIBLE: "the visit gets no reminders any more",
    CancelReason.STAFF: "a colleague stopped the reminders",
    CancelReason.OPTED_OUT: "the patient opted out",
}
REPLIES = {kind: row.label for kind, row in REPLY_KINDS.items()}
REPLY_OUTCOMES = {
    ReplyOutcome.PENDING: "on its way",
    ReplyOutcome.APPLIED: "done",
    ReplyOutcome.SUPERSEDED: "replaced by a later answer",
    ReplyOutcome.STALE: "about an earlier time",
    ReplyOutcome.CONFLICT: "in conflict with the chart",
    ReplyOutcome.FOR_STAFF: "for a person",
    ReplyOutcome.WITHDRAWN: "taken back",
}
INSTRUCTIONS = {
    InstructionKind.PAUSED: "Reminders paused",
    InstructionKind.STOPPED: "Reminders stopped",
    InstructionKind.ENROLLED: "Enrolled by hand",
}
# What Kept learned of a visit, and when; appointments/explain.py has the moments.
OBSERVED = {
    "booked": "booked in athenahealth",
    "first_seen": "first seen by Kept",
    "visit_last_read": "the visit was last read",
    "patient_last_read": "the patient's record was last read",
    "past_visits_last_read": "the past visits were last read",
    "video_link_asked_for": "athenahealth was asked for the link to the video visit",
}
WORK_ITEMS = {
    WorkItemKind.UNRECOGNIZED_REPLY: "Reply to read",
    WorkItemKind.STOP_IN_WORDS: "Wants no more texts",
    WorkItemKind.CANCEL_AS_STOP: "Texted CANCEL: ask",
    WorkItemKind.WORDS_DISAGREE: "Unclear answer",
    WorkItemKind.MORE_IN_ANSWER: "More in the answer",
    WorkItemKind.RESCHEDULE_REQUESTED: "Wants another time",
    WorkItemKind.CANCEL_REQUESTED: "Wants to cancel",
    WorkItemKind.CONFLICT: "Answer and chart disagree",
    WorkItemKind.STALE_REPLY: "Answered about an earlier time",
    WorkItemKind.CHART_WRITE_FAILED: "Not written to the chart",
    WorkItemKind.NO_CONTACT: "No contact data",
    WorkItemKind.ENDED_ELSEWHERE: "Reminders ended at Relatient",
    WorkItemKind.NOT_RESENT: "New details not sent",
    WorkItemKind.TEXTS_STOPPED: "No more messages wanted",
    WorkItemKind.RECORD_UNREADABLE: "Not readable in athenahealth",
    WorkItemKind.VISIT_NOT_FOUND: "Not found in athenahealth",
    WorkItemKind.BOOKED_TWICE: "Booked twice",
    WorkItemKind.OTHER_CANCELLED: "Other visit cancelled",
    WorkItemKind.REMINDERS_NOT_ENDED: "Reminders not ended",
    WorkItemKind.WRITTEN_TWICE: "Written twice",
    WorkItemKind.WAITLIST_NOT_TOLD: "Waitlist desk not told",
    WorkItemKind.MESSAGE_FAILED: "Message not delivered",
    WorkItemKind.PATIENT_AMBIGUOUS: "Two records at Relatient",
    WorkItemKind.ENROLLED_ELSEWHERE: "Enrolled at Relatient by hand",
    WorkItemKind.TELEHEALTH_LINK: "Video link missing",
    WorkItemKind.OPEN_SLOT: "Open slot",
}
RULE_CHANGES = {
    RuleChangeStatus.APPLIED: "in force",
    RuleChangeStatus.HELD: "waits for approval",
    RuleChangeStatus.APPROVED: "approved, in force",
    RuleChangeStatus.REJECTED: "rejected",
}
# A decision's steps, in the order in which they are taken.
FILTERS = {
    "status": "Visit in the chart",
    "patient": "Patient's record",
    "no_shows": "Missed visits",
    "language": "Language",
    "resources": "Part of another visit",
    "booked_twice": "Booked twice",
    "time": "Time of the visit",
    "recipient": "Who is written to",
    "contact": "Ways to reach them",
    "rule": "Campaign rule",
    "staff": "Instruction of staff",
    "provider": "Provider",
    "written_to": "What the patient was told",
    "approval": "Change of the rules",
    "video_link": "Link to the video visit",
    "channels": "Channels of the campaign",
    "campaign": "Campaign",
    "confirmation": "Patient's promise",
    "difference": "What has to change",
}
# What findings say by code, in words; _PARTS of them may stand in one finding.
_NOTED = {
    **{code.value: code.value.replace("_", " ") for code in Code},
    Code.AWAITING_PATIENT.value: "wait for the patient's record",
    Code.AWAITING_HISTORY.value: "wait for the past visits",
    Code.EFFECT_IN_FLIGHT.value: "a change is on its way",
    **{kind.value: words[0].lower() + words[1:] for kind, words in EFFECTS.items()},
    **{channel.value: word for channel, word in CHANNELS.items()},
    **{modality.value: word for modality, word in MODALITIES.items()},
    "no_address": "nothing on file",
    "stated": "named in the record",
    "default": "none named, so the practice's",
}
_PARTS = re.compile(r"\w+")
_LAST_WORD = re.compile(r"[\w-]+$")
_ID = re.compile(r" \(([^()\s]+)\)")
LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "zh": "Chinese",
    "vi": "Vietnamese",
    "ko": "Korean",
    "ru": "Russian",
    "ar": "Arabic",
    "fr": "French",
    "ht": "Haitian Creole",
    "pt": "Portuguese",
    "pl": "Polish",
    "tl": "Tagalog",
}


def finding(
    filter_: str, saw: str, concluded: str, campaigns: Mapping[str, str]
) -> tuple[str, str, str]:
    """One finding in words: the step, what it was given, what it concluded; a decision stores codes
    and ids.
    """
    if filter_ == "rule":
        saw = _LAST_WORD.sub(lambda tag: tongue(tag[0]), saw)
    if filter_ == "language":
        concluded = tongue(concluded)
    saw, concluded = (_named(_in_words(text), campaigns) for text in (saw, concluded))
    return FILTERS.get(filter_, filter_), saw, concluded


def _named(text: str, campaigns: Mapping[str, str]) -> str:
    """Without the ids behind the names of campaigns, for which a page has no use."""
    return _ID.sub(lambda id_: "" if id_[1] in campaigns else id_[0], text)


def _in_words(text: str) -> str:
    return _PARTS.sub(lambda part: _NOTED.get(part[0], part[0]), text)


def tongue(tag: str) -> str:
    """A BCP-47 tag as a person would say it."""
    code = tag.partition("-")[0].lower()
    return LANGUAGES.get(code) or LANG_INFO.get(code, {}).get("name") or tag


def language(tag: str) -> str:
    """The same for people who also need the tag."""
    if tag == "any":
        return "any language"
    name = tongue(tag)
    return tag if name == tag else f"{name} ({tag})"
