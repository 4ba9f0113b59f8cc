"""What Relatient is to hold of a visit and of its patient, once it is settled how."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.domain.channels import lead_of
from campaigns.domain.effects import PatientBody, ReminderBody, instant
from campaigns.domain.patient_names import first_name_to_use
from campaigns.domain.recipient import Recipient, births, may_be_minor, themselves
from campaigns.domain.snapshot import Provider, Snapshot
from campaigns.domain.values import Channel


def reminder_of(
    snapshot: Snapshot,
    recipient: Recipient,
    provider: Provider,
    allowed: tuple[Channel, ...],
    join_url: str = "",
) -> ReminderBody:
    """Everything Relatient is told of one visit's reminder."""
    appointment = snapshot.appointment
    assert appointment.starts_at is not None
    return {
        "visit": {
            "appointment": appointment.external_id,
            "starts_at": instant(appointment.starts_at),
            "time_zone": appointment.time_zone,
            "provider": provider.external_id,
            "provider_name": provider.name,
            "department_name": appointment.department_name,
            "type_name": appointment.type_name,
            "modality": appointment.modality.value,
            "join_url": join_url,
        },
        "recipient": {
            "kind": recipient.kind.value,
            "name": recipient.name,
            "relationship": recipient.relationship,
            "mobile_phone": recipient.mobile_phone,
            "home_phone": recipient.home_phone,
            "email": recipient.email,
        },
        "lead_channel": lead_of(snapshot.patient, allowed).value,
        "channels": [channel.value for channel in allowed],
    }


def patient_of(snapshot: Snapshot, now: datetime, language: str) -> PatientBody:
    """The patient as Relatient should hold them, the same for all of their visits.

    The own contacts of whoever may be a minor, at any department, are left out: a child is never
    written to by way of the record.
    """
    settings, patient = snapshot.settings, snapshot.patient
    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    child = may_be_minor(patient, today, settings.ages_of_majority[-1], today)
    own, born = None if child else themselves(patient), births(patient, today)
    return {
        "patient": patient.external_id,
        "first_name": first_name_to_use(patient),
        "last_name": patient.last_name,
        "date_of_birth": born[0].isoformat() if born and patient.date_of_birth else None,
        "email": own.email if own else None,
        "mobile_phone": own.mobile_phone if own else None,
        "home_phone": own.home_phone if own else None,
        "language": language,
    }
