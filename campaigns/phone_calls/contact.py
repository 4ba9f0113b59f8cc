"""Whom the desk phones about a visit, and where: the recipient of the reminders, by phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import phonenumbers
from phonenumbers import PhoneNumberFormat

from campaigns.domain.languages import language_of
from campaigns.domain.patient_names import preferred_name
from campaigns.domain.phones import dialable_by_hand, textable
from campaigns.domain.recipient import age_on, births, grown_guardians, whom
from campaigns.domain.values import Channel, RecipientKind
from campaigns.labels import tongue
from campaigns.models import Patient, Practice
from campaigns.vendor_records import PatientRecord

_PREFERS = {
    Channel.SMS: "Prefers texts",
    Channel.EMAIL: "Prefers email",
    Channel.VOICE: "Prefers calls",
}


@dataclass(frozen=True)
class Phone:
    """One number: to be dialled by machine, and to be read by people; some may be texted."""

    kind: str
    number: str
    shown: str
    text: bool = False


@dataclass(frozen=True)
class PhoneContact:
    """Everything the desk needs in order to call; names and numbers stay on the page."""

    name: str
    preferred: str = ""
    age: int | None = None
    ask_for: str = ""
    phones: tuple[Phone, ...] = ()
    do_not_call: bool = False
    language: str = ""
    prefers: str = ""


def contact_of(
    patient: Patient, practice: Practice, visit: date, majority: int, *, confidential: bool
) -> PhoneContact:
    """The grown-up to ask for, and the numbers at which they can be called; of age from `majority`
    on.
    """
    record = patient.described
    born = births(record, visit) or ()
    age = age_on(visit, born[0]) if len(born) == 1 else None
    ask_for, numbers = _numbers(record, visit, majority, confidential=confidential)
    spoken, found = language_of(record.language_code, practice.language)
    foreign = found == "stated" and spoken.partition("-")[0] != practice.language.partition("-")[0]
    return PhoneContact(
        name=patient.name or f"Patient {patient.external_id}",
        preferred=preferred_name(record),
        age=age,
        ask_for=ask_for,
        phones=tuple(_phones(numbers, may_text=_may_text(record))),
        do_not_call=record.do_not_call is True,
        language=tongue(spoken) if foreign else "",
        prefers=_prefers(record),
    )


def _may_text(record: PatientRecord) -> bool:
    """Whether the chart allows texts; a person who texts by hand has to obey that, too."""
    return record.consent_to_text is True and record.wants.get(Channel.SMS) is not False


def _prefers(record: PatientRecord) -> str:
    """The channel that the record names: an explicit yes, else its hint (domain/channels.py)."""
    stated = (channel for channel in Channel if record.wants.get(channel) is True)
    channel = next(stated, record.preference_hint)
    return "" if channel is None else _PREFERS[channel]


_Numbers = list[tuple[str, str | None]]


def _numbers(
    record: PatientRecord, visit: date, majority: int, *, confidential: bool
) -> tuple[str, _Numbers]:
    """Whom to ask for, and the numbers. A minor is never called, but for an adolescent's
    confidential visit; nor is whoever may be one (domain/recipient.py).
    """
    kind = whom(record, visit, majority, today=visit, confidential=confidential)
    if kind is RecipientKind.PATIENT:
        own = ("mobile", record.mobile_phone), ("home", record.home_phone)
        return "", [
            (kind, dialable_by_hand(raw)) for kind, raw in (*own, ("work", record.work_phone))
        ]
    for contact in grown_guardians(record, majority, visit):
        numbers: _Numbers = [
            ("mobile", dialable_by_hand(contact.mobile_phone)),
            ("home", dialable_by_hand(contact.home_phone)),
        ]
        if any(number for _, number in numbers):
            relation = contact.relationship.lower() or "guardian"
            return f"{contact.name or 'the guardian'} ({relation})", numbers
    return "a parent or guardian", []


def _phones(numbers: _Numbers, *, may_text: bool) -> list[Phone]:
    seen: dict[str, Phone] = {}
    for kind, number in numbers:
        if number and number not in seen:
            parsed = phonenumbers.parse(number)
            shown = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
            text = may_text and kind == "mobile" and textable(number) is not None
            seen[number] = Phone(kind, number, shown, text)
    return list(seen.values())
