"""Kept's words to Relatient's JSON and back. Pure: no clock, no database, no HTTP.

What is read back must compare equal to the body that was sent, or every look would find a
difference that is none: instants in one spelling, optional strings "" when missing, addresses
None when missing, channels in the order given.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from pydantic import ValidationError

from campaigns.domain.effects import (
    EnrollBody,
    PatientBody,
    RecipientBody,
    ReminderBody,
    VisitBody,
    instant,
)
from campaigns.domain.values import Channel, EnrollmentStatus, ReplyKind, Vendor
from campaigns.vendor_records import (
    CampaignRecord,
    EnrollmentRecord,
    EventRecord,
    EventType,
    PatientMirror,
    SentMessage,
)
from integrations.drift.observe import DriftKind, shape, unknown
from integrations.relatient import schemas
from integrations.transport.errors import Nonsense
from integrations.transport.notification import identity_of

REPLY_KINDS = {
    "response.confirmed": ReplyKind.CONFIRMED,
    "response.cancelled": ReplyKind.CANCELLED,
    "response.reschedule_requested": ReplyKind.RESCHEDULE_REQUESTED,
    "response.unrecognized": ReplyKind.UNRECOGNIZED,
}
EVENT_TYPES = {
    **dict.fromkeys(REPLY_KINDS, EventType.REPLY),
    "message.delivered": EventType.MESSAGE_DELIVERED,
    "message.failed": EventType.MESSAGE_FAILED,
    # STOP and its like: never a cancellation of the visit.
    "consent.opted_out": EventType.OPTED_OUT,
    "consent.opted_in": EventType.OPTED_IN,
    # The last step was sent; success, not a reason to enroll again.
    "enrollment.completed": EventType.ENROLLMENT_COMPLETED,
}
# What an event must carry to mean anything, by its type.
NEEDED = {
    EventType.REPLY: (
        "enrollment_id",
        "patient_external_id",
        "appointment_external_id",
        "appointment_starts_at",
    ),
    EventType.OPTED_OUT: ("patient_external_id", "channel"),
    EventType.OPTED_IN: ("patient_external_id", "channel"),
    EventType.MESSAGE_DELIVERED: ("enrollment_id",),
    EventType.MESSAGE_FAILED: ("enrollment_id",),
    EventType.ENROLLMENT_COMPLETED: ("enrollment_id",),
}
ENROLLMENT_STATUSES = {
    "active": EnrollmentStatus.ACTIVE,
    "completed": EnrollmentStatus.COMPLETED,
    "cancelled": EnrollmentStatus.CANCELLED,
}
# As long as the columns that hold them: Relatient's own ids, athenahealth's, a campaign's, and its
# language. A longer text is none; as it decides, it is neither cut nor passed over.
LONGEST_ID, LONGEST_OWN_ID, LONGEST_CAMPAIGN_ID, LONGEST_LANGUAGE = 80, 40, 40, 20
# What orders the events of equal times is kept in 64 bits.
GREATEST_SEQ = 2**63 - 1
# What Relatient takes a patient to speak who has no language there.
VENDOR_LANGUAGE = "en"
CHANNELS = {channel.value: channel for channel in Channel}
CONSENT_STATES = frozenset({"opted_in", "opted_out", "unknown"})
MESSAGE_STATUSES = frozenset({"queued", "sent", "delivered", "failed", "skipped"})
MODALITIES = frozenset({"in_person", "telehealth", "any"})
INTENSITIES = frozenset({"standard", "high"})


def external_id(practice: str, own: str) -> str:
    """An id of athenahealth as Relatient stores it."""
    return f"athena:{practice}:{own}"


def own_id(practice: str, external: str) -> str:
    """athenahealth's id back again; an id of any other practice or system is refused."""
    prefix = external_id(practice, "")
    if not external.startswith(prefix) or external == prefix:
        raise Nonsense("Relatient named a record that does not belong to this practice.")
    return _refused_if_long(external.removeprefix(prefix), "external_id", LONGEST_OWN_ID)


def _refused_if_long(value: str, field: str, longest: int = LONGEST_ID) -> str:
    """The value; Nonsense with the name of the field where no column could hold it."""
    if len(value) > longest:
        shape(Vendor.RELATIENT, field, value)
        raise Nonsense(f"Relatient sent a record whose {field} is too long to be an id.")
    return value


def patient_json(practice: str, body: PatientBody) -> dict[str, Any]:
    """A new patient; what is not known is left out."""
    known = {name: value for name, value in patient_changes(body).items() if value}
    return {"external_id": external_id(practice, body["patient"]), **known}


def patient_changes(body: PatientBody) -> dict[str, Any]:
    """A known patient: every field, so that one that was emptied is emptied there too."""
    changes: dict[str, Any] = {
        "first_name": body["first_name"],
        "last_name": body["last_name"],
        "email": body["email"],
        "mobile_phone": body["mobile_phone"],
        "home_phone": body["home_phone"],
        "language": body["language"],
    }
    # The one field that the contract gives no way to empty.
    if body["date_of_birth"]:
        changes["date_of_birth"] = body["date_of_birth"]
    return changes


def enrollment_json(practice: str, body: EnrollBody) -> dict[str, Any]:
    """A new enrollment."""
    sent = {
        "patient_id": body["patient"],
        "campaign_id": body["campaign"],
        **reminder_json(practice, body["reminder"]),
    }
    if all(body["send_window"].values()):
        sent["send_window"] = dict(body["send_window"])
    return sent


def reminder_json(practice: str, body: ReminderBody) -> dict[str, Any]:
    """The details of an enrollment that may change later, each part whole."""
    return {
        "appointment": _visit_json(practice, body["visit"]),
        "recipient": _given(body["recipient"]),
        "lead_channel": body["lead_channel"],
        "channels_allowed": list(body["channels"]),
    }


def _visit_json(practice: str, visit: VisitBody) -> dict[str, Any]:
    return {
        "external_id": external_id(practice, visit["appointment"]),
        "starts_at": visit["starts_at"],
        "time_zone": visit["time_zone"],
        "provider_external_id": external_id(practice, visit["provider"]),
        **_given(
            {
                "provider_name": visit["provider_name"],
                "department_name": visit["department_name"],
                "type_name": visit["type_name"],
                "modality": visit["modality"],
                "join_url": visit["join_url"],
            }
        ),
    }


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without the empty strings; None stays, since it tells the vendor to forget an address."""
    return {name: value for name, value in fields.items() if value != ""}


def patient_mirror(practice: str, patient: schemas.Patient) -> PatientMirror:
    """A patient as Relatient holds them."""
    born = patient.date_of_birth
    return PatientMirror(
        vendor_id=_refused_if_long(patient.id, "id"),
        etag=patient.etag,
        vendor_state=PatientBody(
            patient=own_id(practice, patient.external_id),
            first_name=patient.first_name or "",
            last_name=patient.last_name or "",
            date_of_birth=born.isoformat() if born else None,
            email=patient.email or None,
            mobile_phone=patient.mobile_phone or None,
            home_phone=patient.home_phone or None,
            language=patient.language or VENDOR_LANGUAGE,
        ),
        consents=_consents(patient),
    )


def _consents(patient: schemas.Patient) -> dict[str, str]:
    """What the record says of each channel that Kept can use; other channels are ignored."""
    held = {
        CHANNELS[name]: state
        for name, state in (patient.consents or {}).items()
        if name in CHANNELS
    }
    for name in patient.consents or {}:
        _watch(DriftKind.CHANNEL, name, CHANNELS)
    odd = [state for state in held.values() if state and state not in CONSENT_STATES]
    for state in odd:
        unknown(Vendor.RELATIENT, DriftKind.CONSENT_STATE, state)
    if odd:
        # A new word may mean a no: it is neither guessed at nor passed over.
        raise Nonsense("Relatient named a state of consent that Kept does not know.")
    return {channel.value: state for channel, state in held.items() if state}


def enrollment_record(practice: str, enrollment: schemas.Enrollment) -> EnrollmentRecord:
    """An enrollment as Relatient holds it."""
    status = ENROLLMENT_STATUSES.get(enrollment.status)
    if status is None:
        unknown(Vendor.RELATIENT, DriftKind.ENROLLMENT_STATUS, enrollment.status)
        raise Nonsense("Relatient named an enrollment status that Kept does not know.")
    visit = _visit(practice, enrollment.appointment)
    return EnrollmentRecord(
        vendor_id=_refused_if_long(enrollment.id, "id"),
        patient_vendor_id=enrollment.patient_id,
        appointment_external_id=visit["appointment"],
        campaign=_refused_if_long(enrollment.campaign_id, "campaign_id"),
        status=status,
        vendor_state=ReminderBody(
            visit=visit,
            recipient=_recipient(enrollment.recipient or schemas.Recipient()),
            lead_channel=enrollment.lead_channel,
            channels=list(enrollment.channels_allowed),
        ),
        created_at=enrollment.created_at,
        ended_at=enrollment.ended_at,
    )


def listed_enrollment(practice: str, raw: Mapping[str, Any]) -> EnrollmentRecord:
    """One row of the practice's list; of another system, or without sense, it is refused."""
    try:
        enrollment = schemas.Enrollment.model_validate(raw)
    except ValidationError:
        shape(Vendor.RELATIENT, "enrollment", raw)
        # Not chained: the error of pydantic holds the payload.
        raise Nonsense("Relatient listed an enrollment that Kept cannot read.") from None
    return enrollment_record(practice, enrollment)


def _visit(practice: str, appointment: schemas.Appointment) -> VisitBody:
    return VisitBody(
        appointment=own_id(practice, appointment.external_id),
        starts_at=instant(appointment.starts_at),
        time_zone=appointment.time_zone,
        provider=own_id(practice, appointment.provider_external_id),
        provider_name=appointment.provider_name or "",
        department_name=appointment.department_name or "",
        type_name=appointment.type_name or "",
        modality=appointment.modality or "",
        join_url=appointment.join_url or "",
    )


def _recipient(recipient: schemas.Recipient) -> RecipientBody:
    return RecipientBody(
        kind=recipient.kind,
        name=recipient.name or "",
        relationship=recipient.relationship or "",
        mobile_phone=recipient.mobile_phone or None,
        home_phone=recipient.home_phone or None,
        email=recipient.email or None,
    )


def sent_message(message: schemas.Message) -> SentMessage:
    """One logged message; its status stays in Relatient's words, which staff know."""
    _watch(DriftKind.MESSAGE_STATUS, message.status, MESSAGE_STATUSES)
    return SentMessage(
        vendor_id=message.id,
        channel=message.channel,
        step=message.step or "",
        status=message.status,
        created_at=message.created_at,
    )


def campaign_record(campaign: schemas.Campaign) -> CampaignRecord:
    """A campaign without channels that Kept cannot use; Nonsense where no rule could name it."""
    _refused_if_long(campaign.id, "id", LONGEST_CAMPAIGN_ID)
    _refused_if_long(campaign.language, "language", LONGEST_LANGUAGE)
    used = [step.channel for step in campaign.steps if step.channel in campaign.channels]
    in_order = dict.fromkeys([*used, *campaign.channels])
    _watch(DriftKind.CAMPAIGN_MODALITY, campaign.modality, MODALITIES)
    _watch(DriftKind.CAMPAIGN_INTENSITY, campaign.intensity, INTENSITIES)
    for name in in_order:
        _watch(DriftKind.CHANNEL, name, CHANNELS)
    return CampaignRecord(
        external_id=campaign.id,
        name=campaign.name,
        language=campaign.language,
        modality=campaign.modality,
        intensity=campaign.intensity,
        channels=tuple(CHANNELS[name] for name in in_order if name in CHANNELS),
        active=campaign.active,
    )


def _watch(what: DriftKind, value: str, known: Container[str]) -> None:
    if value not in known:
        unknown(Vendor.RELATIENT, what, value)


def event_record(practice: str, raw: Mapping[str, Any]) -> EventRecord:
    """One stored event, from webhook or feed alike; anything unforeseen is refused, loudly."""
    event = _event(raw)
    kind = EVENT_TYPES.get(event.type)
    if kind is None:
        unknown(Vendor.RELATIENT, DriftKind.EVENT_TYPE, event.type)
        raise Nonsense("Relatient sent an event of a type that Kept does not know.")
    if any(not getattr(event, name) for name in NEEDED[kind]):
        raise Nonsense("Relatient sent an event without the ids that its type must carry.")
    channel = CHANNELS.get(event.channel or "")
    if event.channel:
        _watch(DriftKind.CHANNEL, event.channel, CHANNELS)
    # For a reply an unknown channel is a detail; for a consent it is the whole message.
    if channel is None and "channel" in NEEDED[kind]:
        raise Nonsense("Relatient sent a consent for a channel that Kept does not know.")
    enrollment = event.enrollment_id or ""
    if "enrollment_id" in NEEDED[kind] and kind is not EventType.REPLY:
        _refused_if_long(enrollment, "enrollment_id")
    return EventRecord(
        # As it was stored: a very long one is named by its hash.
        event_id=identity_of(event.id),
        seq=max(-GREATEST_SEQ, min(event.seq, GREATEST_SEQ)),
        type=kind,
        occurred_at=event.occurred_at,
        # For an answer it is a detail: the visit is named.
        enrollment_vendor_id=enrollment if len(enrollment) <= LONGEST_ID else "",
        patient_external_id=_own_id_of(practice, event, "patient_external_id", NEEDED[kind]),
        appointment_external_id=_own_id_of(
            practice, event, "appointment_external_id", NEEDED[kind]
        ),
        told_starts_at=event.appointment_starts_at,
        channel=channel,
        raw_text=event.raw_text or "",
        reply=REPLY_KINDS.get(event.type),
    )


def _event(raw: Mapping[str, Any]) -> schemas.Event:
    try:
        return schemas.Event.model_validate(raw)
    except ValidationError:
        shape(Vendor.RELATIENT, "event", raw)
        # Not chained: the error of pydantic holds the payload.
        raise Nonsense("Relatient sent an event that Kept cannot read.") from None


def _own_id_of(practice: str, event: schemas.Event, field: str, needed: Container[str]) -> str:
    """athenahealth's id in a field; "" for none, and for one that is too long where the event's
    type does not need it.
    """
    external = getattr(event, field) or ""
    decides = field in needed or len(external) <= len(external_id(practice, "")) + LONGEST_OWN_ID
    return own_id(practice, external) if external and decides else ""
