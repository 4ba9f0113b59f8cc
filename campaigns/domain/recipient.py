"""Who is written to: the patient, or for a minor a grown-up who may be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from campaigns.domain.emails import address
from campaigns.domain.patient_names import chart_name, name_to_use
from campaigns.domain.phones import dialable, textable
from campaigns.domain.same_text import plain_words
from campaigns.domain.snapshot import BIRTH_DATE, Contact, PatientDescription
from campaigns.domain.values import RecipientKind

ADOLESCENT_FROM = 12


@dataclass(frozen=True)
class Recipient:
    """Somebody to write to. Phones are E.164 and usable, or None; so is the address."""

    kind: RecipientKind
    name: str
    relationship: str
    mobile_phone: str | None
    home_phone: str | None
    email: str | None

    def on_file(self, *, landline_calls_ok: bool) -> bool:
        """Whether there is a mobile number, an address, or a landline that may be called."""
        return bool(self.mobile_phone or self.email or (landline_calls_ok and self.home_phone))


def age_on(day: date, born: date) -> int:
    """Full years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class Nobody(StrEnum):
    """Why nobody may be written to."""

    NO_GUARDIAN = "no_guardian"
    UNREADABLE = "unreadable"


def births(patient: PatientDescription, today: date) -> tuple[date, ...] | None:
    """Every date of birth that the record may mean; None where it names none, and no date where it
    names none that is possible. One that lies ahead is not.
    """
    if patient.date_of_birth is not None:
        return (patient.date_of_birth,) if patient.date_of_birth <= today else ()
    if BIRTH_DATE not in patient.unreadable:
        return None
    return tuple(day for day in patient.possible_birth_dates if day <= today)


def unreadable_in(patient: PatientDescription, today: date) -> tuple[str, ...]:
    """What of the record decides and cannot be read, in people's words."""
    ahead = patient.date_of_birth is not None and patient.date_of_birth > today
    return (*((BIRTH_DATE,) if ahead else ()), *patient.unreadable)


def may_be_minor(patient: PatientDescription, day: date, age_of_majority: int, today: date) -> bool:
    """Whether the patient is under age on a day in any reading; without a date of birth they are
    not.
    """
    born = births(patient, today)
    return born is not None and (
        not born or any(age_on(day, one) < age_of_majority for one in born)
    )


def whom(
    patient: PatientDescription,
    visit: date,
    age_of_majority: int,
    *,
    today: date,
    confidential: bool,
) -> RecipientKind | Nobody:
    """Whether the patient or a grown-up may be told: whoever it is in every reading of the date of
    birth, else nobody.

    A child's own numbers are used in one case only: an adolescent's visit of a confidential type
    goes to the patient or to nobody.
    """
    born = births(patient, today)
    if born is None:
        return RecipientKind.PATIENT
    from_age = min(ADOLESCENT_FROM, age_of_majority) if confidential else age_of_majority
    grown = {age_on(visit, one) >= from_age for one in born}
    if len(grown) != 1:
        return Nobody.UNREADABLE
    return RecipientKind.PATIENT if grown.pop() else RecipientKind.GUARDIAN


def recipient_of(
    patient: PatientDescription,
    visit: date,
    age_of_majority: int,
    *,
    today: date,
    confidential: bool,
    landline_calls_ok: bool = False,
) -> Recipient | Nobody:
    """Who is written to, as `whom` says, with numbers and address."""
    kind = whom(patient, visit, age_of_majority, today=today, confidential=confidential)
    if kind is RecipientKind.PATIENT:
        return themselves(patient)
    if kind is RecipientKind.GUARDIAN:
        grown_up = grown_guardians(patient, age_of_majority, today)
        return _first_on_file(grown_up, landline_calls_ok) or Nobody.NO_GUARDIAN
    return Nobody.UNREADABLE


def grown_guardians(
    patient: PatientDescription, age_of_majority: int, today: date
) -> list[Contact]:
    """A minor's guardians who are of age; without a birth date they are taken for grown up."""
    return [
        one
        for one in guardians_of(patient)
        if one.date_of_birth is None or age_on(today, one.date_of_birth) >= age_of_majority
    ]


def themselves(patient: PatientDescription) -> Recipient:
    """The patient by their own numbers and address."""
    return Recipient(
        kind=RecipientKind.PATIENT,
        name=name_to_use(patient),
        relationship="",
        mobile_phone=textable(patient.mobile_phone),
        home_phone=dialable(patient.home_phone) or dialable(patient.work_phone),
        email=None if patient.email_declined else address(patient.email),
    )


def every_reach(patient: PatientDescription) -> set[str]:
    """Each number and address at which somebody may be written to about this patient, ever."""
    people = (themselves(patient), *map(_grown_up, guardians_of(patient)))
    found = (reach for one in people for reach in (one.mobile_phone, one.home_phone, one.email))
    return {reach for reach in found if reach}


def guardians_of(patient: PatientDescription) -> list[Contact]:
    """The grown-ups who may be told in a minor's place: the guarantor, then an emergency contact
    who is parent or guardian; neither where that is the child.
    """
    emergency = [patient.emergency] if patient.emergency.may_guard else []
    return [one for one in (patient.guarantor, *emergency) if not _is_patient(one, patient)]


def _is_patient(contact: Contact, patient: PatientDescription) -> bool:
    """Whether a contact is the patient under another heading, whatever relation the record states.

    The same name with the same number or birth date; where no relation is stated the same name or
    birth date alone is enough. An equal number alone never is: a parent's number often stands in
    the child's record.
    """
    if contact.is_self:
        return True
    name = _name_of(contact.name)
    same_name = bool(name) and name in map(_name_of, (chart_name(patient), name_to_use(patient)))
    same_birth = contact.date_of_birth is not None and (
        contact.date_of_birth == patient.date_of_birth
    )
    if not contact.related:
        return same_name or same_birth
    theirs = {_digits(raw) for raw in (contact.mobile_phone, contact.home_phone)} - {""}
    own = {_digits(raw) for raw in (patient.mobile_phone, patient.home_phone, patient.work_phone)}
    return same_name and (same_birth or bool(theirs & own))


def _name_of(text: str) -> tuple[str, ...]:
    """A name in whatever order and spelling; initials of middle names are left out."""
    return tuple(sorted(word for word in plain_words(text) if len(word) > 1))


def _digits(raw: str) -> str:
    """The last ten digits: the number without the country's 1, however it is written."""
    return "".join(filter(str.isdigit, raw))[-10:]


def _first_on_file(contacts: list[Contact], landline_calls_ok: bool) -> Recipient | None:
    for contact in contacts:
        recipient = _grown_up(contact)
        if recipient.on_file(landline_calls_ok=landline_calls_ok):
            return recipient
    return None


def _grown_up(contact: Contact) -> Recipient:
    return Recipient(
        kind=RecipientKind.GUARDIAN,
        name=contact.name,
        relationship=contact.relationship,
        mobile_phone=textable(contact.mobile_phone),
        home_phone=dialable(contact.home_phone),
        email=address(contact.email),
    )
