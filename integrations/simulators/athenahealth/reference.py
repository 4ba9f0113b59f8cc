"""Reference lists and single reads of them."""

from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .directory import (
    APPOINTMENT_TYPES,
    CANCEL_REASONS,
    CONFIRMATION_STATUSES,
    DEPARTMENTS,
    LANGUAGES,
    PROVIDERS,
    AppointmentType,
    CancelReason,
    Provider,
)
from .errors import AthenaError
from .paging import page
from .rows import department_row

MOST_LISTS = {"default": 1500, "maximum": 5000}


def departments(call: Call) -> dict[str, Any]:
    show_all = call.parameters.flag("showalldepartments")
    rows = [
        department_row(one, call.now) for one in DEPARTMENTS.values() if show_all or not one.hidden
    ]
    return page(call, "departments", rows, **MOST_LISTS)


def department(call: Call, departmentid: str) -> list[Row]:
    if departmentid not in DEPARTMENTS:
        raise AthenaError(404, "The department could not be found.")
    return [department_row(DEPARTMENTS[departmentid], call.now)]


def providers(call: Call) -> dict[str, Any]:
    return page(call, "providers", [provider_row(one) for one in PROVIDERS.values()], **MOST_LISTS)


def provider(call: Call, providerid: str) -> list[Row]:
    if providerid not in PROVIDERS:
        raise AthenaError(404, "The provider could not be found.")
    return [provider_row(PROVIDERS[providerid])]


def provider_row(one: Provider) -> Row:
    row: Row = {
        "providerid": int(one.id),
        "firstname": one.first_name,
        "lastname": one.last_name,
        "schedulingname": one.full_name,
        "entitytype": one.kind,
        "scheduleresourcetype": "MD" if one.kind == "Person" else "Equipment",
        "providertypeid": "MD" if one.kind == "Person" else "OTHER",
    }
    return row | ({"displayname": f"Dr. {one.full_name}"} if one.has_display_name else {})


def appointment_types(call: Call) -> dict[str, Any]:
    """Types that patients may not book are hidden unless hidenonpatient is set to false."""
    rows = [type_row(one) for one in APPOINTMENT_TYPES.values() if type_shown(call, one)]
    return page(call, "appointmenttypes", rows, **MOST_LISTS)


def type_shown(call: Call, one: AppointmentType) -> bool:
    hide = call.parameters.flag
    hidden = (hide("hidenonpatient", default=True) and not one.patient) or (
        hide("hidegeneric") and one.generic
    )
    return not (
        hidden
        or (hide("hidenongeneric") and not one.generic)
        or (hide("hidetemplatetypeonly") and one.template_only)
    )


def appointment_type(call: Call, appointmenttypeid: str) -> list[Row]:
    if appointmenttypeid not in APPOINTMENT_TYPES:
        raise AthenaError(404, "The appointment type could not be found.")
    return [type_row(APPOINTMENT_TYPES[appointmenttypeid])]


def type_row(one: AppointmentType) -> Row:
    return {
        "appointmenttypeid": int(one.id),
        "name": one.name,
        "patientdisplayname": one.patient_name,
        "duration": one.duration,
        "generic": one.generic,
        "patient": one.patient,
        "templatetypeonly": one.template_only,
        "createencounteroncheckin": not one.generic,
    }


def cancel_reasons(call: Call) -> dict[str, Any]:
    wanted = call.parameters.text("slotavailable")
    shown = [
        one
        for one in CANCEL_REASONS.values()
        if not wanted or one.slot_available == call.parameters.flag("slotavailable")
    ]
    return page(
        call,
        "appointmentcancelreasons",
        [reason_row(one) for one in shown],
        default=100,
        maximum=5000,
    )


def reason_row(one: CancelReason) -> Row:
    return {
        "appointmentcancelreasonid": int(one.id),
        "name": one.name,
        "noshow": one.noshow,
        "patientrescheduled": one.patient_rescheduled,
        "providerunavailable": one.provider_unavailable,
        "slotavailable": one.slot_available,
    }


def confirmation_statuses(call: Call) -> dict[str, Any]:
    return {
        "status": [
            {"statusid": int(one), "name": name} for one, name in CONFIRMATION_STATUSES.items()
        ]
    }


def languages(call: Call) -> dict[str, Any]:
    return page(call, "languages", list(LANGUAGES), **MOST_LISTS)


def read_encoding(call: Call) -> dict[str, Any]:
    return {"properjsonencoding": call.key.proper_json}


def proper_encoding(call: Call) -> dict[str, Any]:
    call.key.proper_json = True
    return {"success": True}


def old_encoding(call: Call) -> dict[str, Any]:
    call.key.proper_json = False
    return {"success": True}


ROUTES = [
    Route("GET", "/departments", departments),
    Route("GET", "/departments/<departmentid>", department),
    Route("GET", "/providers", providers),
    Route("GET", "/providers/<providerid>", provider),
    Route("GET", "/appointmenttypes", appointment_types),
    Route("GET", "/appointmenttypes/<appointmenttypeid>", appointment_type),
    Route("GET", "/appointmentcancelreasons", cancel_reasons),
    Route("GET", "/reference/appointmentconfirmationstatus", confirmation_statuses),
    Route("GET", "/languages", languages),
    Route("GET", "/misc/properjsonencoding", read_encoding),
    Route("POST", "/misc/properjsonencoding", proper_encoding),
    Route("DELETE", "/misc/properjsonencoding", old_encoding),
]
