"""Step 3 for Relatient's events: answers, consents and what became of messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.consents import EVENT
from campaigns.domain.event_times import when_said
from campaigns.domain.values import AppointmentStatus, EnrollmentStatus, ReplyKind, WorkItemKind
from campaigns.enrollments.status import advance
from campaigns.intake import consents
from campaigns.intake.chart import locked_patient
from campaigns.intake.stop_words import ask_about_cancel, heed_stop
from campaigns.labels import CHANNELS
from campaigns.locking import lock_patient, retried
from campaigns.look_queue import schedule_look
from campaigns.models import Appointment, Enrollment, Practice, Response
from campaigns.vendor_records import EventRecord, EventType
from campaigns.work_items import about_start, open_item


class Received(StrEnum):
    """What an event turned out to be."""

    NEW = "new"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"


def take_event(
    practice: Practice, event: EventRecord, received_at: datetime | None = None
) -> Received:
    """Take in one event, once; UNMATCHED when it is about something Kept does not know.

    `received_at` is when it was stored, now if nobody says: what is dated further ahead counts as
    said then.
    """
    received_at = received_at or database_now()
    said = replace(event, occurred_at=when_said(event.occurred_at, received_at))
    # Two who are written to at one number may both say stop at once: each has its own visits
    # locked, and marks the other's.
    return retried(lambda: _take(practice, said, received_at))


def _take(practice: Practice, event: EventRecord, received_at: datetime) -> Received:
    with transaction.atomic():
        if event.type is EventType.REPLY:
            return _reply(practice, event, received_at)
        if event.type in (EventType.OPTED_OUT, EventType.OPTED_IN):
            return _consent(practice, event)
        return _enrollment_event(practice, event)


def _reply(practice: Practice, event: EventRecord, received_at: datetime) -> Received:
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
            "received_at": received_at,
        },
    )
    if not created:
        return Received.DUPLICATE
    _messaged(practice, event)
    heed_stop(response, now, event.enrollment_vendor_id)
    schedule_look(appointment, now)
    audit_row("response.received", response, kind=str(response.kind), channel=str(response.channel))
    return Received.NEW


def _locked(practice: Practice, external_id: str) -> Appointment | None:
    """The appointment, its patient locked first."""
    row = Appointment.objects.filter(practice=practice, external_id=external_id).first()
    if row is None:
        return None
    lock_patient(row.patient_id)
    return Appointment.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _consent(practice: Practice, event: EventRecord) -> Received:
    if event.channel is None or not event.patient_external_id:
        return Received.UNMATCHED
    # Somebody who is not known yet may be booked tomorrow: their word counts from now on.
    patient = locked_patient(practice, event.patient_external_id)
    state = "opted_out" if event.type is EventType.OPTED_OUT else "opted_in"
    now = database_now()
    if not event.raw_text and consents.repeats_ours(
        patient, event.channel, state, event.occurred_at
    ):
        return Received.DUPLICATE
    kept = consents.remember(
        patient,
        event.channel,
        state,
        source=EVENT,
        event_id=event.event_id,
        at=event.occurred_at,
        now=now,
        seq=event.seq,
        reach=consents.said_from(patient, event.channel, now, event.enrollment_vendor_id),
    )
    if kept and event.type is EventType.OPTED_OUT:
        ask_about_cancel(patient, event.raw_text, now)
    return Received.NEW if kept else Received.DUPLICATE


def _enrollment_event(practice: Practice, event: EventRecord) -> Received:
    found = Enrollment.objects.filter(
        practice=practice, vendor_id=event.enrollment_vendor_id
    ).first()
    if found is None:
        return Received.UNMATCHED
    lock_patient(found.patient_id)
    _messaged(practice, event)
    enrollment = Enrollment.objects.select_for_update(of=("self",)).get(pk=found.pk)
    now = database_now()
    if event.type is EventType.ENROLLMENT_COMPLETED:
        if enrollment.status != EnrollmentStatus.ACTIVE:
            return Received.DUPLICATE
        advance(enrollment, EnrollmentStatus.COMPLETED, now)
        schedule_look(enrollment.appointment, now)
    elif event.type is EventType.MESSAGE_FAILED and _still_ahead(enrollment, now):
        way = f" by {CHANNELS[event.channel]}" if event.channel else ""
        open_item(
            enrollment.appointment,
            WorkItemKind.MESSAGE_FAILED,
            f"A reminder could not be delivered{way}. Check the contact data, or call.",
            now,
            details=about_start(enrollment.appointment),
        )
    return Received.NEW


def _still_ahead(enrollment: Enrollment, now: datetime) -> bool:
    """Whether the enrollment reminds of a visit that is still to come, at that start."""
    visit = enrollment.appointment
    ahead = visit.starts_at is None or visit.starts_at > now
    same = visit.starts_at in (None, enrollment.starts_at)
    return visit.status == AppointmentStatus.SCHEDULED and ahead and same


def _messaged(practice: Practice, event: EventRecord) -> None:
    """Store when Relatient first wrote for the enrollment; that alone makes no look due."""
    if event.enrollment_vendor_id:
        Enrollment.objects.filter(
            practice=practice, vendor_id=event.enrollment_vendor_id, messaged_at__isnull=True
        ).update(messaged_at=event.occurred_at)
