"""Step 3 for Relatient's events: answers, consents and what became of messages."""

from __future__ import annotations

from enum import StrEnum

from django.db import transaction

from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.values import EnrollmentStatus, ReplyKind, WorkItemKind
from campaigns.models import Appointment, ConsentEvent, Enrollment, Patient, Practice, Response
from campaigns.records import EventRecord, EventType
from campaigns.services.enrollments import advance
from campaigns.services.intake import locked_patient
from campaigns.services.looks_due import look_at, look_at_patient
from campaigns.services.workitems import open_item


class Received(StrEnum):
    """What an event turned out to be."""

    NEW = "new"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"


def take_event(practice: Practice, event: EventRecord) -> Received:
    """Take in one event, once; UNMATCHED when it is about something Kept does not know."""
    with transaction.atomic():
        if event.type is EventType.REPLY:
            return _reply(practice, event)
        if event.type in (EventType.OPTED_OUT, EventType.OPTED_IN):
            return _consent(practice, event)
        return _enrollment_event(practice, event)


def _reply(practice: Practice, event: EventRecord) -> Received:
    appointment = _locked(practice, event.appointment_external_id)
    if appointment is None:
        return Received.UNMATCHED
    now = database_now()
    response, created = Response.objects.get_or_create(
        practice=practice,
        event_id=event.event_id,
        defaults={
            "appointment": appointment,
            "patient": appointment.patient,
            "seq": event.seq,
            "kind": event.reply or ReplyKind.UNRECOGNIZED,
            "channel": event.channel or "text",
            "told_starts_at": event.told_starts_at,
            "raw_text": event.raw_text,
            "occurred_at": event.occurred_at,
            "received_at": now,
        },
    )
    if not created:
        return Received.DUPLICATE
    look_at(appointment, now)
    audit(
        "response.received",
        practice=practice.external_id,
        subject=("response", response.pk),
        appointment=appointment.external_id,
        patient=appointment.patient.external_id,
        detail={"kind": str(response.kind), "channel": str(response.channel)},
    )
    return Received.NEW


def _locked(practice: Practice, external_id: str) -> Appointment | None:
    """The appointment, its patient locked first."""
    row = Appointment.objects.filter(practice=practice, external_id=external_id).first()
    if row is None:
        return None
    Patient.objects.select_for_update().get(pk=row.patient_id)
    return Appointment.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _consent(practice: Practice, event: EventRecord) -> Received:
    if event.channel is None or not event.patient_external_id:
        return Received.UNMATCHED
    # Somebody who is not known yet may be booked tomorrow: their word counts from now on.
    patient = locked_patient(practice, event.patient_external_id)
    state = "opted_out" if event.type is EventType.OPTED_OUT else "opted_in"
    consent, created = ConsentEvent.objects.get_or_create(
        practice=practice,
        event_id=event.event_id,
        defaults={
            "patient": patient,
            "channel": event.channel,
            "state": state,
            "source": "relatient",
            "seq": event.seq,
            "at": event.occurred_at,
        },
    )
    if not created:
        return Received.DUPLICATE
    look_at_patient(patient, database_now())
    audit(
        "consent.received",
        practice=practice.external_id,
        subject=("consent", consent.pk),
        patient=patient.external_id,
        detail={"channel": str(consent.channel), "state": state, "source": "relatient"},
    )
    return Received.NEW


def _enrollment_event(practice: Practice, event: EventRecord) -> Received:
    found = Enrollment.objects.filter(
        practice=practice, vendor_id=event.enrollment_vendor_id
    ).first()
    if found is None:
        return Received.UNMATCHED
    Patient.objects.select_for_update().get(pk=found.patient_id)
    enrollment = Enrollment.objects.select_for_update(of=("self",)).get(pk=found.pk)
    now = database_now()
    if event.type is EventType.ENROLLMENT_COMPLETED:
        if enrollment.status != EnrollmentStatus.ACTIVE:
            return Received.DUPLICATE
        advance(enrollment, EnrollmentStatus.COMPLETED, now)
        look_at(enrollment.appointment, now)
    elif event.type is EventType.MESSAGE_FAILED:
        way = f"by {event.channel.value}" if event.channel else ""
        open_item(
            enrollment.appointment,
            WorkItemKind.MESSAGE_FAILED,
            f"A reminder could not be delivered {way}. Check the contact data, or call.",
            now,
        )
    return Received.NEW
