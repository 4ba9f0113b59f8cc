"""The few fields of athenahealth's rows that Kept reads, in whatever type they arrive.

The same field is "15", 15, "true", true, "Y", "" or absent, by the key's JSON setting and the age
of the endpoint (contract sections 0 and 2: types). Nothing here judges a value; translate.py does.
Only what cannot be read at all is told (drift), and a consent that cannot be read is an error.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from campaigns.domain.values import Vendor
from integrations.drift.observe import DriftKind, shape, unknown

# Stands for a value where a date was due and which is none.
UNREADABLE_DATE = "?"

YES = frozenset({"true", "t", "yes", "y", "1"})
NO = frozenset({"false", "f", "no", "n", "0"})


def to_text(value: Any) -> str:
    """A scalar as text; None and anything that is no scalar as ""."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else ""


def to_id(value: Any) -> str:
    """An id as text. 0 stands for "none" (supervisingproviderid, contract section 2)."""
    text = to_text(value)
    return "" if text == "0" or isinstance(value, bool) else text


def to_flag(value: Any) -> bool | None:
    """Yes, no, or None where the row says neither."""
    text = to_text(value).lower()
    if text in YES:
        return True
    return False if text in NO else None


def to_number(value: Any) -> int | None:
    """A whole number, or None."""
    try:
        number = float(to_text(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def to_list(value: Any) -> list[Any]:
    """A list; a single object where a list was due is a list of one (section 2: check-in)."""
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]


def to_parts(value: Any) -> list[Any]:
    """A list that may also be sent as one text with commas, or as a single value."""
    return value.split(",") if isinstance(value, str) and value.strip() else to_list(value)


def _text(value: Any, info: ValidationInfo) -> str:
    _tell_odd_shape(value, info)
    return to_text(value)


def _date(value: Any, info: ValidationInfo) -> str:
    # Something else than a text is no date, but it is not nothing either.
    odd = value is not None and not isinstance(value, str | int | float)
    return _text(value, info) or (UNREADABLE_DATE if odd else "")


def _id(value: Any, info: ValidationInfo) -> str:
    _tell_odd_shape(value, info)
    return to_id(value)


def _number(value: Any, info: ValidationInfo) -> int | None:
    number = to_number(value)
    if number is None and value not in (None, ""):
        shape(Vendor.ATHENAHEALTH, info.field_name or "", value)
    return number


def _flag(value: Any, info: ValidationInfo) -> bool | None:
    flag = to_flag(value)
    if flag is None and value not in (None, ""):
        unknown(Vendor.ATHENAHEALTH, DriftKind.FLAG, value, info.field_name or "")
    return flag


def _consent(value: Any, info: ValidationInfo) -> bool | None:
    flag = _flag(value, info)
    if flag is None and value not in (None, ""):
        # An absent preference is a yes, so one that cannot be read must not count as absent.
        raise ValueError("neither yes nor no")
    return flag


def _tell_odd_shape(value: Any, info: ValidationInfo) -> None:
    if value is not None and not isinstance(value, str | int | float):
        shape(Vendor.ATHENAHEALTH, info.field_name or "", value)


Text = Annotated[str, BeforeValidator(_text)]
DateText = Annotated[str, BeforeValidator(_date)]
Id = Annotated[str, BeforeValidator(_id)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Consent = Annotated[bool | None, BeforeValidator(_consent)]
Number = Annotated[int | None, BeforeValidator(_number)]
Ids = Annotated[list[Id], BeforeValidator(to_list)]


class Row(BaseModel):
    """A row; fields that Kept does not know are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class NoteRow(Row):
    """A note inside an appointment (`text`) or from the list of notes (`notetext`)."""

    text: Text = Field("", validation_alias=AliasChoices("notetext", "text"))


class AppointmentRow(Row):
    """Contract section 3."""

    appointmentid: Id = ""
    date: Text = ""
    starttime: Text = ""
    duration: Number = None
    departmentid: Id = ""
    providerid: Id = ""
    renderingproviderid: Id = ""
    patientid: Id = ""
    appointmentstatus: Text = ""
    appointmenttype: Text = ""
    appointmenttypeid: Id = ""
    patientappointmenttypename: Text = ""
    scheduledby: Text = ""
    scheduleddatetime: Text = ""
    lastmodified: Text = ""
    cancelledby: Text = ""
    cancelreasonid: Id = ""
    cancelreasonnoshow: Flag = None
    rescheduledappointmentid: Id = ""
    appointmentconfirmationid: Id = ""
    chargeentrynotrequiredreason: Text = ""
    appointmentnotes: Annotated[list[NoteRow], BeforeValidator(to_list)] = []
    # The name of the output field is not confirmed (contract section 14).
    telehealth: Flag = Field(
        None,
        validation_alias=AliasChoices(
            "telehealth", "telehealthyn", "istelehealth", "telehealthappointment", "showtelehealth"
        ),
    )


class PatientRow(Row):
    """Contract section 5."""

    patientid: Id = ""
    firstname: Text = ""
    lastname: Text = ""
    preferredname: Text = ""
    dob: DateText = ""
    status: Text = ""
    deceaseddate: DateText = ""
    mobilephone: Text = ""
    homephone: Text = ""
    workphone: Text = ""
    email: Text = ""
    emailexists: Flag = Field(None, validation_alias=AliasChoices("emailexists", "emailexistsyn"))
    consenttotext: Consent = None
    consenttocall: Consent = None
    donotcall: Consent = None
    contactpreference: Text = ""
    contactpreference_appointment_email: Consent = None
    contactpreference_appointment_sms: Consent = None
    contactpreference_appointment_phone: Consent = None
    contactname: Text = ""
    contactrelationship: Text = ""
    contacthomephone: Text = ""
    contactmobilephone: Text = ""
    guarantorfirstname: Text = ""
    guarantorlastname: Text = ""
    guarantordob: Text = ""
    guarantorphone: Text = ""
    guarantoremail: Text = ""
    guarantorrelationshiptopatient: Text = ""
    language6392code: Text = ""
    departmentid: Id = ""
    primarydepartmentid: Id = ""
    previouspatientids: Ids = []


class DepartmentRow(Row):
    """Contract section 4.4."""

    departmentid: Id = ""
    name: Text = ""
    patientdepartmentname: Text = ""
    phone: Text = ""
    timezonename: Text = ""
    timezoneoffset: Number = None
    doesnotobservedst: Flag = None


class ProviderRow(Row):
    """Contract section 4.4."""

    providerid: Id = ""
    firstname: Text = ""
    lastname: Text = ""
    displayname: Text = ""
    schedulingname: Text = ""
    entitytype: Text = ""


class TypeRow(Row):
    """Contract section 4.4."""

    appointmenttypeid: Id = ""
    name: Text = ""
    patientdisplayname: Text = ""


class CancelReasonRow(Row):
    """Contract section 4.4."""

    appointmentcancelreasonid: Id = ""
    name: Text = ""
    noshow: Flag = None
    patientrescheduled: Flag = None
    providerunavailable: Flag = None
    slotavailable: Flag = None


class RoomRow(Row):
    """Contract section 3: the way into a video visit, for whoever has it, on its day."""

    patienturl: Text = ""


class WaitlistRow(Row):
    """Contract section 4.4; the days of the week are one number, several, or text with commas."""

    waitlistid: Id = Field("", validation_alias=AliasChoices("waitlistid", "id"))
    patientid: Id = ""
    departmentid: Id = ""
    allowanydepartment: Flag = None
    providerid: Id = ""
    appointmenttypeid: Id = ""
    dayofweekids: Annotated[list[Id], BeforeValidator(to_parts)] = []
    hourfrom: Text = ""
    hourto: Text = ""
    priority: Text = ""
    note: Text = ""


class ConfirmationRow(Row):
    """Contract section 4.3; the names of the id field differ between sources."""

    statusid: Id = Field(
        "", validation_alias=AliasChoices("statusid", "appointmentconfirmationid", "id")
    )
    name: Text = Field(
        "", validation_alias=AliasChoices("name", "appointmentconfirmationname", "status")
    )
