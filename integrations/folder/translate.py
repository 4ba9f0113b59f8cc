"""Kept's words to the folder's rows and records, and events back. Pure.

The book holds Kept's bodies as they are, so what is read back compares equal to what was sent.
The rows that go out are flat, and the same in both formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from campaigns.domain.effects import EnrollBody, PatientBody, ReminderBody, instant
from campaigns.domain.values import CancelReason, Channel, EnrollmentStatus, ReplyKind, Vendor
from campaigns.vendor_records import (
    EnrollmentRecord,
    EventRecord,
    EventType,
    PatientMirror,
    SentMessage,
)
from integrations.drift.observe import DriftKind, unknown
from integrations.transport.errors import Nonsense
from integrations.transport.notification import fingerprint

# What a row that goes out says happened.
ENROLL, UPDATE, CANCEL, RESEND = "enroll", "update", "cancel", "resend"
CONSENT, TEXT = "consent", "text"
CHANGE_COLUMNS = (
    "change_id",
    "change",
    "at",
    "practice_id",
    "enrollment_id",
    "campaign_id",
    "patient_id",
    "first_name",
    "last_name",
    "language",
    "appointment_id",
    "starts_at",
    "time_zone",
    "provider_id",
    "provider_name",
    "department_name",
    "type_name",
    "modality",
    "join_url",
    "recipient",
    "recipient_name",
    "relationship",
    "mobile_phone",
    "home_phone",
    "email",
    "lead_channel",
    "channels",
    "send_from",
    "send_until",
    "reason",
    "channel",
    "state",
    "text",
)
EVENT_COLUMNS = (
    "event_id",
    "event",
    "occurred_at",
    "practice_id",
    "enrollment_id",
    "appointment_id",
    "patient_id",
    "starts_at",
    "channel",
    "text",
)
REPLIES = {
    "confirmed": ReplyKind.CONFIRMED,
    "cancelled": ReplyKind.CANCELLED,
    "canceled": ReplyKind.CANCELLED,
    "reschedule_requested": ReplyKind.RESCHEDULE_REQUESTED,
    "unrecognized": ReplyKind.UNRECOGNIZED,
}
EVENTS = {
    **dict.fromkeys(REPLIES, EventType.REPLY),
    "delivered": EventType.MESSAGE_DELIVERED,
    "failed": EventType.MESSAGE_FAILED,
    # STOP and its like: never a cancellation of the visit.
    "opted_out": EventType.OPTED_OUT,
    "opted_in": EventType.OPTED_IN,
    "completed": EventType.ENROLLMENT_COMPLETED,
}
CONSENTS = frozenset({EventType.OPTED_OUT, EventType.OPTED_IN})
# What says nothing without its enrollment.
OF_ENROLLMENTS = frozenset(
    {EventType.MESSAGE_DELIVERED, EventType.MESSAGE_FAILED, EventType.ENROLLMENT_COMPLETED}
)
CHANNELS = {channel.value: channel for channel in Channel}
ACTIVE = EnrollmentStatus.ACTIVE.value
# What an event about something else than its own enrollment is refused with.
ANOTHER = "it names a {} that is not that of its enrollment."
# A column of ours that an id of athenahealth's fits into.
LONGEST_OWN_ID = 40

PATIENT_ID = re.compile(r"pat_[0-9a-f]{16}")
ENROLLMENT_ID = re.compile(r"enr_[0-9a-f]{16}_[0-9a-f]{16}")
TEXT_ID = re.compile(r"txt_[0-9a-f]{16}")
_STAGED = re.compile(r"\d{8}T\d{12}-[a-z]+-(?P<subject>[a-z]{3}_[0-9a-f_]+)-\d{4,}\.[a-z]+")

Record = Mapping[str, Any]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def patient_id(practice: str, patient: str) -> str:
    """The folder's id of a patient: the same for the same one, and no name of a file tells whom."""
    return f"pat_{_digest(f'{practice}:{patient}')}"


def enrollment_prefix(patient: str) -> str:
    """What the ids of a patient's enrollments begin with."""
    return f"enr_{patient.removeprefix('pat_')}_"


def enrollment_id(patient: str, key: str) -> str:
    """The id of the enrollment that a key makes, so that a repeat meets the one that is there."""
    return f"{enrollment_prefix(patient)}{_digest(key)}"


def text_id(key: str) -> str:
    """The id of the text that a key sends."""
    return f"txt_{_digest(key)}"


def subject_of(file_name: str) -> str:
    """The id of the record that a staged file changes; empty for a file that is none of ours."""
    found = _STAGED.fullmatch(file_name)
    subject = found["subject"] if found else ""
    patterns = (PATIENT_ID, ENROLLMENT_ID, TEXT_ID)
    return subject if any(pattern.fullmatch(subject) for pattern in patterns) else ""


def visit_of(record: Record) -> str:
    """athenahealth's id of the visit that an enrollment is about."""
    return str(record["reminder"]["visit"]["appointment"])


def new_enrollment(body: EnrollBody, key: str, now: datetime) -> dict[str, Any]:
    """The record of an enrollment that is made now."""
    return {
        "id": enrollment_id(body["patient"], key),
        "request": fingerprint(dict(body)),
        "patient": body["patient"],
        "campaign": body["campaign"],
        "status": ACTIVE,
        "reminder": body["reminder"],
        "window": body["send_window"],
        "created_at": now.isoformat(),
        "ended_at": None,
        "told": [[now.isoformat(), body["reminder"]["visit"]["starts_at"]]],
        "messages": [_message("initial", body["reminder"]["lead_channel"], key, now)],
    }


def updated(record: Record, body: ReminderBody, now: datetime) -> dict[str, Any]:
    """An enrollment with other details."""
    told = [*record["told"], [now.isoformat(), body["visit"]["starts_at"]]]
    return {**record, "reminder": body, "told": told}


def ended(record: Record, status: EnrollmentStatus, now: datetime) -> dict[str, Any]:
    """An enrollment that has ended."""
    return {**record, "status": status.value, "ended_at": now.isoformat()}


def resent(record: Record, key: str, now: datetime) -> dict[str, Any]:
    """An enrollment whose first message goes out once more."""
    message = _message("initial", record["reminder"]["lead_channel"], key, now)
    return {**record, "messages": [*record["messages"], message]}


def was_sent(record: Record, key: str) -> bool:
    """Whether this request has sent its message before."""
    return any(message["id"] == f"msg_{_digest(key)}" for message in record["messages"])


def _message(step: str, channel: str, key: str, now: datetime) -> dict[str, str]:
    return {"id": f"msg_{_digest(key)}", "step": step, "channel": channel, "at": now.isoformat()}


def patient_record(practice: str, body: PatientBody, before: Record) -> dict[str, Any]:
    """A patient as the book holds them from now on."""
    return {"consents": {}, "change": "", **before, "body": body} | {
        "id": patient_id(practice, body["patient"])
    }


def patient_mirror(record: Record) -> PatientMirror:
    """A patient as the folder holds them."""
    return PatientMirror(
        vendor_id=record["id"],
        etag=_digest(fingerprint(record["body"])),
        vendor_state=record["body"],
        consents={channel: word["state"] for channel, word in record["consents"].items()},
    )


def enrollment_record(record: Record) -> EnrollmentRecord:
    """An enrollment as the folder holds it."""
    ended_at = record["ended_at"]
    return EnrollmentRecord(
        vendor_id=record["id"],
        patient_vendor_id=record["patient"],
        appointment_external_id=visit_of(record),
        campaign=record["campaign"],
        status=EnrollmentStatus(record["status"]),
        vendor_state=record["reminder"],
        created_at=datetime.fromisoformat(record["created_at"]),
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
    )


def sent_messages(record: Record) -> list[SentMessage]:
    """What was put out to be sent; what became of it only events tell."""
    return [
        SentMessage(
            vendor_id=message["id"],
            channel=message["channel"],
            step=message["step"],
            status="queued",
            created_at=datetime.fromisoformat(message["at"]),
        )
        for message in record["messages"]
    ]


def enrollment_row(
    practice: str,
    change: str,
    record: Record,
    patient: PatientBody,
    now: datetime,
    reason: CancelReason | None = None,
) -> dict[str, str]:
    """What goes out about an enrollment: all of it each time, so that no earlier file is needed."""
    reminder: ReminderBody = record["reminder"]
    visit, recipient = reminder["visit"], reminder["recipient"]
    return {
        **_row(practice, change, now),
        "enrollment_id": record["id"],
        "campaign_id": record["campaign"],
        "patient_id": patient["patient"],
        "first_name": patient["first_name"],
        "last_name": patient["last_name"],
        "language": patient["language"],
        "appointment_id": visit["appointment"],
        "starts_at": visit["starts_at"],
        "time_zone": visit["time_zone"],
        "provider_id": visit["provider"],
        "provider_name": visit["provider_name"],
        "department_name": visit["department_name"],
        "type_name": visit["type_name"],
        "modality": visit["modality"],
        "join_url": visit["join_url"],
        "recipient": recipient["kind"],
        "recipient_name": recipient["name"],
        "relationship": recipient["relationship"],
        "mobile_phone": recipient["mobile_phone"] or "",
        "home_phone": recipient["home_phone"] or "",
        "email": recipient["email"] or "",
        "lead_channel": reminder["lead_channel"],
        "channels": " ".join(reminder["channels"]),
        "send_from": record["window"]["start"],
        "send_until": record["window"]["end"],
        "reason": reason.value if reason else "",
    }


def consent_row(
    practice: str, patient: PatientBody, channel: str, state: str, now: datetime
) -> dict[str, str]:
    """What goes out when Kept has a patient's word on being written to."""
    named = {"patient_id": patient["patient"], "channel": channel, "state": state}
    return {**_row(practice, CONSENT, now), **named}


def text_row(practice: str, to: str, text: str, now: datetime) -> dict[str, str]:
    """What goes out to have one of the practice's own numbers texted."""
    return {**_row(practice, TEXT, now), "mobile_phone": to, "text": text}


def _row(practice: str, change: str, now: datetime) -> dict[str, str]:
    return {"change": change, "at": instant(now), "practice_id": practice}


def event_record(
    practice: str, payload: Mapping[str, Any], held: Record | None, patient: str = ""
) -> EventRecord:
    """One stored line in Kept's words; `held` is the enrollment that it is about, if the book has
    it, and `patient` whose that is. What the line leaves out is the enrollment's.
    """
    row: Mapping[str, str] = payload["row"]
    kind = EVENTS.get(row.get("event", "").lower())
    if kind is None:
        unknown(Vendor.FOLDER, DriftKind.EVENT_TYPE, row.get("event", ""))
        raise Nonsense("it names no event that Kept knows.")
    if row.get("practice_id", practice) != practice:
        raise Nonsense("it is about another practice.")
    if held is None and ("enrollment_id" in row or kind in OF_ENROLLMENTS):
        raise Nonsense("it names an enrollment that is not in the folder's book.")
    occurred = _moment(row, "occurred_at")
    return EventRecord(
        event_id=payload["id"],
        seq=int(payload["line"]),
        type=kind,
        occurred_at=occurred or datetime.fromisoformat(payload["taken_at"]),
        enrollment_vendor_id=held["id"] if held else "",
        patient_external_id=_own_id(row, "patient_id", patient, needed=kind in CONSENTS),
        appointment_external_id=_own_id(
            row, "appointment_id", visit_of(held) if held else "", needed=kind is EventType.REPLY
        ),
        told_starts_at=_told(row, held, occurred) if kind is EventType.REPLY else None,
        channel=_channel(row, kind),
        raw_text=row.get("text", ""),
        reply=REPLIES.get(row["event"].lower()),
    )


def _own_id(row: Mapping[str, str], column: str, held: str, *, needed: bool) -> str:
    """athenahealth's id that a line gives, or its enrollment's; one that differs is refused."""
    given = row.get(column, "")
    word = column.removesuffix("_id")
    if given and held and given != held:
        raise Nonsense(ANOTHER.format(word))
    if len(given) > LONGEST_OWN_ID or (needed and not (given or held)):
        raise Nonsense(f"it names no {word}. Give enrollment_id or {column}.")
    return given or held


def _told(row: Mapping[str, str], held: Record | None, occurred: datetime | None) -> datetime:
    """The start that an answer is about.

    A line that does not say is about the one that the patient was told by then. Where the visit was
    moved before, nobody knows which message was answered: it counts as about the earlier start, so
    that the desk asks instead of the chart saying something that nobody said.
    """
    given = _moment(row, "starts_at")
    if given is not None:
        return given
    if held is None:
        raise Nonsense("it does not say which start it is about. Give starts_at.")
    by_then = [
        start
        for at, start in held["told"]
        if occurred is None or datetime.fromisoformat(at) <= occurred
    ]
    present = held["told"][-1][1]
    earlier = [start for start in by_then if start != present]
    return datetime.fromisoformat(earlier[-1] if earlier else present)


def _moment(row: Mapping[str, str], column: str) -> datetime | None:
    given = row.get(column, "")
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Nonsense(f"{column} is no moment with its zone, such as 2026-12-24T15:30:00Z.")
    return moment


def _channel(row: Mapping[str, str], kind: EventType) -> Channel | None:
    given = row.get("channel", "").lower()
    channel = CHANNELS.get(given)
    if given and channel is None:
        unknown(Vendor.FOLDER, DriftKind.CHANNEL, given)
    # For an answer it is a detail; for a consent it is the whole message.
    if channel is None and kind in CONSENTS:
        raise Nonsense("its channel must be sms, email or voice.")
    return channel
