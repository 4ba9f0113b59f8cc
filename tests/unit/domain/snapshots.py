"""Facts with sensible defaults: a plain adult, a week before a visit that one rule covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.domain.desired_enrollment import plan
from campaigns.domain.snapshot import (
    AppointmentFacts,
    Campaign,
    Consent,
    Contact,
    EffectFacts,
    EnrollmentFacts,
    Instruction,
    PatientFacts,
    Provider,
    ReplyFacts,
    Rule,
    Settings,
    Sibling,
    Snapshot,
)
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    ReplyKind,
    ReplyOutcome,
)

ZONE = "America/New_York"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
START = datetime(2026, 3, 9, 18, tzinfo=UTC)

MOBILE = "(617) 227-1234"
HOME = "617-227-5678"
TOLL_FREE = "8005551234"
MOBILE_E164 = "+16172271234"
HOME_E164 = "+16172275678"

CMP = "cmp_en"
CMP_HIGH = "cmp_en_high"
CMP_ES = "cmp_es"
CMP_VIDEO = "cmp_video"
CMP_OFFICE = "cmp_office"
CMP_SMS = "cmp_sms"

ADULT = date(1980, 5, 17)
CHILD = date(2018, 5, 17)
TEENAGER = date(2011, 5, 17)

WINDOWS = {channel: {"start": "09:00", "end": "21:00"} for channel in Channel}


def a_campaign(id_: str = CMP, **fields: Any) -> Campaign:
    defaults = {
        "name": id_,
        "language": "en",
        "modality": "any",
        "intensity": "standard",
        "channels": (Channel.SMS, Channel.EMAIL, Channel.VOICE),
    }
    return Campaign(id=id_, **{**defaults, **fields})


LIBRARY = {
    campaign.id: campaign
    for campaign in (
        a_campaign(),
        a_campaign(CMP_HIGH, intensity="enhanced"),
        a_campaign(CMP_ES, language="es"),
        a_campaign(CMP_VIDEO, modality="telehealth"),
        a_campaign(CMP_OFFICE, modality="in_person"),
        a_campaign(CMP_SMS, channels=(Channel.SMS,)),
    )
}


def a_rule(campaign: str = CMP, **fields: Any) -> Rule:
    defaults = {"id": 1, "type_id": "*", "modality": "any", "risk": "any", "language": "any"}
    return Rule(campaign=campaign, **{**defaults, **fields})


def settings(**fields: Any) -> Settings:
    defaults = {
        "confirmed_status_id": "1",
        "operator_status_id": "2",
        "cancel_reason_id": "7",
        "cancel_reason_frees_slot": True,
        "waitlist_phone": "+16172279999",
        "send_windows": WINDOWS,
    }
    return Settings(**{**defaults, **fields})


def an_appointment(**fields: Any) -> AppointmentFacts:
    """A scheduled visit; the local start follows the start unless it is given."""
    starts_at = fields.get("starts_at", START)
    zone = fields.get("time_zone", ZONE)
    local = (starts_at or START).astimezone(ZoneInfo(zone or ZONE)).replace(tzinfo=UTC)
    defaults = {
        "id": 1,
        "external_id": "1001",
        "status": AppointmentStatus.SCHEDULED,
        "starts_at": starts_at,
        "time_zone": zone,
        "local_start": local,
        "type_id": "82",
        "type_name": "Office visit",
        "modality": Modality.IN_PERSON,
        "department_id": "1",
        "department_name": "Downtown",
        "providers": (Provider("71", "Dr. Okafor"),),
        "first_seen_at": NOW - timedelta(days=1),
    }
    return AppointmentFacts(**{**defaults, **fields})


def a_patient(**fields: Any) -> PatientFacts:
    """A grown-up with mobile number and address, who agreed to texts, and is read just now."""
    defaults = {
        "external_id": "55",
        "read_at": NOW,
        "history_read_at": NOW,
        "first_name": "Ada",
        "last_name": "Quimby",
        "date_of_birth": ADULT,
        "mobile_phone": MOBILE,
        "email": "ada@example.org",
        "consent_to_text": True,
        "language_code": "eng",
    }
    return PatientFacts(**{**defaults, **fields})


def a_child(**fields: Any) -> PatientFacts:
    """A child whose mother is the guarantor; the child's own contacts are on the record too."""
    mother = Contact(name="Ida Quimby", relationship="mother", mobile_phone=HOME)
    return a_patient(**{"date_of_birth": CHILD, "guarantor": mother, **fields})


def a_consent(channel: Channel, state: str = "opted_out", at: datetime = NOW) -> Consent:
    return Consent(channel, state, at)


def an_instruction(kind: InstructionKind, campaign: str = "", at: datetime = NOW) -> Instruction:
    return Instruction(kind, campaign, at)


def a_sibling(**fields: Any) -> Sibling:
    defaults = {
        "appointment_id": 2,
        "external_id": "1002",
        "starts_at": START,
        "status": AppointmentStatus.SCHEDULED,
        "enrolled": True,
        "read_at": NOW,
    }
    return Sibling(**{**defaults, **fields})


def a_reply(kind: ReplyKind = ReplyKind.CONFIRMED, **fields: Any) -> ReplyFacts:
    defaults = {
        "id": 1,
        "occurred_at": NOW - timedelta(minutes=5),
        "seq": 1,
        "told_starts_at": START,
        "outcome": ReplyOutcome.PENDING,
    }
    return ReplyFacts(kind=kind, **{**defaults, **fields})


def an_effect(
    kind: EffectKind, status: EffectStatus = EffectStatus.QUEUED, **fields: Any
) -> EffectFacts:
    defaults = {"id": 1, "body": {}, "appointment_id": 1}
    return EffectFacts(kind=kind, status=status, **{**defaults, **fields})


def a_snapshot(**fields: Any) -> Snapshot:
    """By default: nothing enrolled yet, the patient known at Relatient, nothing in the way."""
    snapshot = Snapshot(
        **{
            "settings": settings(),
            "appointment": an_appointment(),
            "patient": a_patient(),
            "rules": (a_rule(),),
            "campaigns": LIBRARY,
            **fields,
        }
    )
    return known_at_relatient(snapshot) if "patient" not in fields else snapshot


def known_at_relatient(snapshot: Snapshot) -> Snapshot:
    """The same with the patient at Relatient as they should be there."""
    body = plan(snapshot, NOW).patient
    patient = replace(snapshot.patient, relatient_id="rp1", relatient_state=body)
    return replace(snapshot, patient=patient)


def an_enrollment(
    snapshot: Snapshot, status: EnrollmentStatus = EnrollmentStatus.ACTIVE, **fields: Any
) -> EnrollmentFacts:
    """An enrollment as the snapshot would have it, unless a field says otherwise."""
    planned = plan(snapshot, NOW)
    defaults = {
        "id": 1,
        "appointment_id": snapshot.appointment.id,
        "generation": 1,
        "campaign": planned.campaign or CMP,
        "vendor_id": "e1",
        "vendor_state": planned.reminder,
        "last_announced": planned.reminder["visit"] if planned.reminder else None,
    }
    return EnrollmentFacts(status=status, **{**defaults, **fields})


def enrolled(**fields: Any) -> Snapshot:
    """A snapshot in which everything is done: enrolled, and told what is so."""
    snapshot = known_at_relatient(a_snapshot(**fields))
    return replace(snapshot, enrollments=(an_enrollment(snapshot),))
