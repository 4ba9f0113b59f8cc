"""athenahealth's appointments and patients in Kept's words. Pure; the tables come first.

A row that makes no sense raises Nonsense with a sentence that quotes nothing of the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from campaigns.domain.languages import tag_of
from campaigns.domain.snapshot import BIRTH_DATE, DEATH_DATE, Contact
from campaigns.domain.values import AppointmentStatus, Channel, Vendor
from campaigns.vendor_records import AppointmentRecord, PatientRecord
from integrations.athenahealth.birth_dates import readings
from integrations.athenahealth.schemas import AppointmentRow, PatientRow, Row, to_id
from integrations.athenahealth.times import from_eastern, is_date, local_start, parse_date
from integrations.drift import observe
from integrations.drift.observe import DriftKind
from integrations.transport.errors import Nonsense

# appointmentstatus (contract section 3). `f` includes past visits that nobody checked in, and
# visits whose check-in has begun (startcheckin): both are still only scheduled.
OPEN_SLOT = "o"
CANCELLED = "x"
STATUSES = {
    "f": AppointmentStatus.SCHEDULED,
    "2": AppointmentStatus.CHECKED_IN,
    "3": AppointmentStatus.COMPLETED,
    "4": AppointmentStatus.COMPLETED,
}
# A second resource of a visit is a row of its own, marked so (section 3: multi-provider).
SECONDARY = "MULTIRESOURCE"

# The lone contactpreference field (section 5): only a hint. MAIL and PORTAL both end in a mailbox.
PREFERENCE_HINTS = {
    "MOBILEPHONE": Channel.SMS,
    "HOMEPHONE": Channel.VOICE,
    "WORKPHONE": Channel.VOICE,
    "PORTAL": Channel.EMAIL,
    "MAIL": Channel.EMAIL,
}
# `active` and `inactive` were recorded. Client libraries generated from the specification add
# `prospective` (booked, not seen yet) and `deleted`; the last is what death may be called.
ACTIVE = frozenset({"", "active", "prospective"})
INACTIVE = frozenset({"inactive", "deleted", "deceased"})
# guarantorrelationshiptopatient (section 5). Other numbers exist, and none of them is the patient.
SELF = frozenset({"1", "self", "patient"})
# In a relation of several words: Self (patient), same as patient.
SAYS_SELF = frozenset({"self", "same", "slf"})
RELATIONSHIPS = {"2": "spouse", "3": "child", "13": "", "18": "mother", "19": "father"}
# contactrelationship (section 5).
EMERGENCY_RELATIONS = frozenset(
    {"CHILD", "COUSIN", "FRIEND", "GUARDIAN", "OTHER", "PARENT", "SIBLING", "SPOUSE"}
)
GUARDIANS = frozenset({"PARENT", "GUARDIAN"})
# language6392code of somebody who would not say, or who speaks none that has a code.
LANGUAGE_DECLINED = "declined"
LANGUAGES_WITHOUT_ANSWER = frozenset({"", LANGUAGE_DECLINED, "und", "mul", "zxx", "mis"})

# What pydantic calls an error that schemas.py raises itself; it has told of the value already.
UNREADABLE_CONSENT = "value_error"

# An id is a number of a few digits (section 2); a longer text is none, and no column holds it.
LONGEST_ID = 40
# Whose id it is, as people say it.
WHOSE_ID = {
    "patientid": "patient",
    "departmentid": "department",
    "providerid": "provider",
    "appointmenttypeid": "appointment type",
}
# What cannot be read of a visit that comes back as an open slot.
NO_VISIT = "status"
# What is said to last longer is a slip of the keyboard; no reminder says how long a visit lasts.
LONGEST_VISIT_MINUTES = 24 * 60

RowT = TypeVar("RowT", bound=Row)


def parse(shape: type[RowT], row: Any) -> RowT:
    """The row in its shape; Nonsense when it is no row at all."""
    try:
        return shape.model_validate(row)
    except ValidationError as errors:
        for field, kind, value in _faults(errors, row):
            if kind != UNREADABLE_CONSENT:
                observe.shape(Vendor.ATHENAHEALTH, field, value)
        # Not chained: the error of the parser may hold the row.
        raise Nonsense("athenahealth sent a row of an unexpected shape.") from None


def _faults(errors: ValidationError, row: Any) -> Iterator[tuple[str, str, Any]]:
    """Each field that is wrong, how, and what stands there; the row itself when it is none."""
    for error in errors.errors():
        field = str(error["loc"][0]) if error["loc"] else "row"
        yield field, error["type"], row.get(field) if isinstance(row, dict) else row


def appointment(row: Any) -> AppointmentRecord | None:
    """An appointment; None for an open slot."""
    fields = parse(AppointmentRow, row)
    status = _status(fields)
    if status is None:
        return None
    starts = local_start(fields.date, fields.starttime)
    if starts is None:
        sentence = "athenahealth sent an appointment whose date or time cannot be read."
        raise Nonsense(sentence, "date or time")
    if not fields.appointmentid or not fields.patientid:
        sentence = "athenahealth sent an appointment without its own id or a patient's."
        raise Nonsense(sentence, "patient")
    _refuse_long_ids(fields, "an appointment")
    return AppointmentRecord(
        external_id=fields.appointmentid,
        patient_external_id=fields.patientid,
        department_external_id=fields.departmentid,
        provider_external_ids=_providers(fields),
        type_external_id=fields.appointmenttypeid,
        type_name=fields.appointmenttype,
        patient_type_name=fields.patientappointmenttypename,
        local_start=starts,
        duration_minutes=fields.duration
        if 0 < (fields.duration or 0) <= LONGEST_VISIT_MINUTES
        else None,
        status=status,
        confirmation_external_id=fields.appointmentconfirmationid,
        replaced_by=fields.rescheduledappointmentid,
        cancel_reason_external_id=fields.cancelreasonid,
        cancelled_by=fields.cancelledby,
        secondary=fields.chargeentrynotrequiredreason.upper() == SECONDARY,
        telehealth=fields.telehealth,
        scheduled_at=from_eastern(fields.scheduleddatetime),
        scheduled_by=fields.scheduledby,
        last_modified_at=from_eastern(fields.lastmodified),
        notes=tuple(note.text for note in fields.appointmentnotes if note.text),
    )


def appointment_id(row: Any) -> str:
    """The id of an appointment's row of which the rest may make no sense; empty for none."""
    found = to_id(row.get("appointmentid")) if isinstance(row, dict) else ""
    return found if len(found) <= LONGEST_ID else ""


def _refuse_long_ids(fields: Row, what: str) -> None:
    """Nonsense with the name of the field: an id decides, so it is neither cut nor left out."""
    for name, value in fields:
        if name.endswith("id") and isinstance(value, str) and len(value) > LONGEST_ID:
            observe.shape(Vendor.ATHENAHEALTH, name, value)
            sentence = f"athenahealth sent {what} whose {name} is too long to be an id."
            raise Nonsense(sentence, WHOSE_ID.get(name, "details"))


def patient(row: Any) -> PatientRecord:
    """A patient."""
    fields = parse(PatientRow, row)
    if not fields.patientid:
        raise Nonsense("athenahealth sent a patient without an id.")
    _refuse_long_ids(fields, "a patient")
    born = parse_date(fields.dob)
    return PatientRecord(
        external_id=fields.patientid,
        first_name=fields.firstname,
        last_name=fields.lastname,
        preferred_name=fields.preferredname,
        date_of_birth=born,
        active=_active(fields),
        mobile_phone=fields.mobilephone,
        home_phone=fields.homephone,
        work_phone=fields.workphone,
        email=fields.email,
        email_declined=fields.emailexists is False,
        consent_to_text=fields.consenttotext,
        consent_to_call=fields.consenttocall,
        do_not_call=fields.donotcall,
        wants={
            Channel.EMAIL: fields.contactpreference_appointment_email,
            Channel.SMS: fields.contactpreference_appointment_sms,
            Channel.VOICE: fields.contactpreference_appointment_phone,
        },
        preference_hint=_preference(fields),
        language_code=_language(fields),
        guarantor=_guarantor(fields),
        emergency=_emergency(fields),
        department_external_id=fields.departmentid or fields.primarydepartmentid,
        previous_external_ids=tuple(
            previous for previous in fields.previouspatientids if previous != fields.patientid
        ),
        unreadable=tuple(_unreadable(fields)),
        possible_birth_dates=readings(fields.dob) if born is None else (),
    )


def _unreadable(fields: PatientRow) -> Iterator[str]:
    """What decides and was written, but not as a date of athenahealth's."""
    if fields.dob and parse_date(fields.dob) is None:
        observe.shape(Vendor.ATHENAHEALTH, "dob", fields.dob)
        yield BIRTH_DATE
    if fields.deceaseddate and not is_date(fields.deceaseddate):
        observe.shape(Vendor.ATHENAHEALTH, "deceaseddate", fields.deceaseddate)
        yield DEATH_DATE


def _status(fields: AppointmentRow) -> AppointmentStatus | None:
    code = fields.appointmentstatus.lower()
    if code == OPEN_SLOT:
        return None
    if code == CANCELLED:
        return _kind_of_cancellation(fields)
    if code not in STATUSES:
        observe.unknown(Vendor.ATHENAHEALTH, DriftKind.APPOINTMENT_STATUS, fields.appointmentstatus)
        sentence = "athenahealth sent an appointment with a status that Kept does not know."
        raise Nonsense(sentence, "status")
    return STATUSES[code]


def _kind_of_cancellation(fields: AppointmentRow) -> AppointmentStatus:
    if fields.cancelreasonnoshow:
        return AppointmentStatus.NO_SHOW
    if fields.rescheduledappointmentid:
        return AppointmentStatus.RESCHEDULED
    return AppointmentStatus.CANCELLED


def _providers(fields: AppointmentRow) -> tuple[str, ...]:
    # The scheduling provider is the primary one; the rendering one seldom differs (section 3).
    ids = (fields.providerid, fields.renderingproviderid)
    return tuple(dict.fromkeys(identity for identity in ids if identity))


def _active(fields: PatientRow) -> bool:
    status = fields.status.lower()
    if status not in ACTIVE | INACTIVE:
        observe.unknown(Vendor.ATHENAHEALTH, DriftKind.PATIENT_STATUS, fields.status)
        raise Nonsense("athenahealth sent a patient with a status that Kept does not know.")
    # A placeholder date such as 01/01/0001 is no death; what is no date at all may be one.
    placeholder = is_date(fields.deceaseddate) and parse_date(fields.deceaseddate) is None
    return status in ACTIVE and (placeholder or not fields.deceaseddate)


def _preference(fields: PatientRow) -> Channel | None:
    code = fields.contactpreference.upper()
    if code and code not in PREFERENCE_HINTS:
        observe.unknown(Vendor.ATHENAHEALTH, DriftKind.CONTACT_PREFERENCE, fields.contactpreference)
    return PREFERENCE_HINTS.get(code)


def _language(fields: PatientRow) -> str:
    code = fields.language6392code.lower()
    if code not in LANGUAGES_WITHOUT_ANSWER and tag_of(code) is None:
        observe.unknown(Vendor.ATHENAHEALTH, DriftKind.LANGUAGE, fields.language6392code)
    return "" if code == LANGUAGE_DECLINED else code


def _guarantor(fields: PatientRow) -> Contact:
    # Some records spell the number with a leading zero, or the relation as a word.
    relation = fields.guarantorrelationshiptopatient.lstrip("0").casefold()
    is_self = relation in SELF or not SAYS_SELF.isdisjoint(re.findall(r"[a-z]+", relation))
    if relation and not is_self and relation not in RELATIONSHIPS:
        observe.unknown(Vendor.ATHENAHEALTH, DriftKind.GUARANTOR_RELATION, relation)
    # Any number but the patient's own is somebody else (section 5); a word may mean anything.
    understood = not relation or relation.isdigit()
    name = f"{fields.guarantorfirstname} {fields.guarantorlastname}".strip()
    return Contact(
        name=name,
        relationship="" if is_self else RELATIONSHIPS.get(relation, ""),
        mobile_phone=fields.guarantorphone,
        email=fields.guarantoremail,
        is_self=is_self,
        may_guard=bool(name) and understood and not is_self,
        date_of_birth=parse_date(fields.guarantordob),
        # A word that Kept does not know states nothing: then a name alone may be the patient's.
        related=not is_self
        and (
            bool(RELATIONSHIPS.get(relation, relation))
            if understood
            else relation in RELATIONSHIPS.values()
        ),
    )


def _emergency(fields: PatientRow) -> Contact:
    relation = fields.contactrelationship.upper()
    if relation and relation not in EMERGENCY_RELATIONS:
        observe.unknown(
            Vendor.ATHENAHEALTH, DriftKind.EMERGENCY_RELATION, fields.contactrelationship
        )
    return Contact(
        name=fields.contactname,
        relationship=relation.lower(),
        mobile_phone=fields.contactmobilephone,
        home_phone=fields.contacthomephone,
        may_guard=relation in GUARDIANS,
        related=bool(relation),
    )
