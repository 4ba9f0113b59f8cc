"""Booking, cancelling, moving and modifying: PUTs with form bodies. There is no PATCH."""

from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .directory import (
    APPOINTMENT_TYPES,
    CANCEL_REASONS,
    CANCELLED_FROM_API,
    DEPARTMENTS,
    PROVIDERS,
    RESCHEDULED_FROM_API,
    CancelReason,
)
from .errors import AthenaError, SoftFailure, invalid, missing
from .patientcases import open_case
from .rows import booked_row

# form field of PUT /appointments/booked/{id} -> row field, and what its value must be one of
MODIFIABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "departmentid": ("departmentid", DEPARTMENTS),
    "providerid": ("renderingproviderid", PROVIDERS),
    "schedulingproviderid": ("providerid", PROVIDERS),
    "supervisingproviderid": ("supervisingproviderid", PROVIDERS),
    "appointmenttypeid": ("appointmenttypeid", APPOINTMENT_TYPES),
}


def book(call: Call, appointmentid: str) -> list[Row]:
    """PUT /appointments/{id} books an open slot. It never updates."""
    call.parameters.require("patientid")
    slot = call.appointment(appointmentid)
    patient = call.patient(call.parameters.text("patientid"))
    type_id = call.parameters.text("appointmenttypeid")
    if not type_id and not call.parameters.text("reasonid"):
        raise missing("reasonid", "appointmenttypeid")
    if type_id and type_id not in APPOINTMENT_TYPES:
        raise invalid("The appointment type does not exist.")
    refuse_taken(slot)
    is_new = not call.chart.of_patient.get(patient["patientid"])
    note = f"API ({call.key.client_id}) appointment created."
    if reported := call.parameters.text("bookingnote"):
        note += f" Reported reason for booking: {reported}"
    call.chart.add_note(slot, note, on_schedule=False, at=call.now, by=call.by)
    call.chart.book(
        slot, patient["patientid"], type_id or slot["appointmenttypeid"], at=call.now, by=call.by
    )
    if is_new and not call.parameters.flag("nopatientcase"):
        open_case(
            call,
            patient["patientid"],
            {"departmentid": slot["departmentid"], "subject": "New patient booked"},
        )
    call.subjects["patientid"] = patient["patientid"]
    return [booked_row(call, slot)]


def refuse_taken(slot: Row) -> None:
    if slot["appointmentstatus"] != "o" or slot.get("frozen"):
        raise AthenaError(
            409, "That appointment time was already booked or not available for booking."
        )


def cancel(call: Call, appointmentid: str) -> dict[str, str]:
    row = call.own_appointment(appointmentid)
    reason = chosen_reason(call, CANCELLED_FROM_API)
    note = "API appointment cancellation."
    if reported := call.parameters.text("cancellationreason"):
        note += f" Reported reason for cancellation: {reported}"
    call.chart.add_note(row, note, on_schedule=False, at=call.now, by=call.by)
    call.chart.cancel(row, reason, at=call.now, by=call.by)
    return {"status": "x"}


def chosen_reason(call: Call, default: str) -> CancelReason:
    reason = CANCEL_REASONS.get(call.parameters.text("appointmentcancelreasonid", default))
    if reason is None:
        raise invalid("The appointment cancel reason does not exist.")
    return reason


def reschedule(call: Call, appointmentid: str) -> list[Row]:
    """The reply is sparse (recorded): no date, no start, an empty provider. Read again."""
    call.parameters.require("patientid", "newappointmentid")
    row = call.own_appointment(appointmentid)
    new = call.appointment(call.parameters.text("newappointmentid"), missing_status=400)
    refuse_taken(new)
    if reported := call.parameters.text("reschedulereason"):
        note = f"API appointment reschedule. Reported reason for reschedule: {reported}"
        call.chart.add_note(row, note, on_schedule=False, at=call.now, by=call.by)
    call.chart.reschedule(
        row, new, chosen_reason(call, RESCHEDULED_FROM_API), at=call.now, by=call.by
    )
    call.subjects["newappointmentid"] = new["appointmentid"]
    kept = [
        "appointmentid",
        "patientid",
        "departmentid",
        "appointmentstatus",
        "appointmenttypeid",
        "appointmenttype",
        "duration",
    ]
    return [{name: new[name] for name in kept} | {"providerid": ""}]


def modify(call: Call, appointmentid: str) -> int | str:
    """Answers 200 either way: the scalar 1, or a bare string. Cannot move a start."""
    row = call.chart.appointments.get(appointmentid)
    if row is None or row["appointmentstatus"] != "f":
        raise SoftFailure("Appointment ID is not a booked appointment")
    fields: Row = {}
    for parameter, (name, permitted) in MODIFIABLE.items():
        if value := call.parameters.text(parameter):
            if value not in permitted:
                raise SoftFailure(f"Invalid {parameter}")
            fields[name] = value
    if not fields:
        raise SoftFailure("No fields to update were given")
    call.chart.change(row, fields, at=call.now, by=call.by)
    return 1


def freeze(call: Call, appointmentid: str) -> dict[str, Any]:
    row = call.chart.appointments.get(appointmentid)
    if row is None or row["appointmentstatus"] != "o":
        raise SoftFailure({"success": False, "errormessage": "Only an open slot can be frozen."})
    frozen = call.parameters.flag("freeze", default=True)
    event = "FreezeAppointment" if frozen else "UnfreezeAppointment"
    call.chart.change(row, {"frozen": frozen}, at=call.now, by=call.by, event=event)
    return {"success": True, "errormessage": ""}


ROUTES = [
    Route("PUT", "/appointments/<appointmentid>", book),
    Route("PUT", "/appointments/<appointmentid>/cancel", cancel),
    Route("PUT", "/appointments/<appointmentid>/reschedule", reschedule),
    Route("PUT", "/appointments/<appointmentid>/freeze", freeze),
    Route("PUT", "/appointments/booked/<appointmentid>", modify),
]
