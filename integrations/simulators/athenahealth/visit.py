"""Around the visit: confirmation, check-in, the video room."""

from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .directory import APPOINTMENT_TYPES, CONFIRMATION_STATUSES
from .errors import AthenaError, invalid
from .times import eastern

# `fields` is an object in one element and an array in the next (recorded).
CHECKIN_REQUIREMENTS: list[Row] = [
    {
        "name": "Insurance",
        "required": True,
        "complete": True,
        "fields": {"name": "insurance", "complete": True},
    },
    {
        "name": "Demographics",
        "required": True,
        "complete": True,
        "fields": [{"name": "homephone", "complete": True}],
    },
]


def read_confirmation(call: Call, appointmentid: str) -> dict[str, str]:
    row = call.appointment(appointmentid)
    names = ["appointmentconfirmationid", "appointmentconfirmationname"]
    return {name: row[name] for name in names if name in row}


def write_confirmation(call: Call, appointmentid: str) -> dict[str, Any]:
    """Only a booked row takes one. The reply's form is unconfirmed: read again, do not trust it."""
    call.parameters.require("appointmentconfirmationid")
    row = call.appointment(appointmentid, missing_status=400)
    if row["appointmentstatus"] != "f":
        raise AthenaError(400, "Appointment ID is not a booked appointment")
    status_id = call.parameters.text("appointmentconfirmationid")
    if status_id not in CONFIRMATION_STATUSES:
        raise invalid("The appointment confirmation status does not exist.")
    call.chart.confirm(
        row, status_id, at=call.now, by=call.by, echo=call.switches.confirmation_echo
    )
    return {"success": True}


def checkin_requirements(call: Call, appointmentid: str) -> list[Row]:
    call.appointment(appointmentid)
    return CHECKIN_REQUIREMENTS


def waiting_for_checkin(call: Call, appointmentid: str) -> Row:
    row = call.appointment(appointmentid)
    if row["appointmentstatus"] != "f":
        detail = "The appointment is either already canceled or checked in."
        raise AthenaError(
            404, "This appointment has already been checked in.", detailedmessage=detail
        )
    return row


def start_checkin(call: Call, appointmentid: str) -> dict[str, Any]:
    row = waiting_for_checkin(call, appointmentid)
    call.chart.change(row, {"startcheckin": eastern(call.now)}, at=call.now, by=call.by)
    return {"success": True}


def finish_checkin(call: Call, appointmentid: str) -> dict[str, Any]:
    call.chart.check_in(waiting_for_checkin(call, appointmentid), at=call.now, by=call.by)
    return {"success": True}


def cancel_checkin(call: Call, appointmentid: str) -> dict[str, Any]:
    row = waiting_for_checkin(call, appointmentid)
    row.pop("startcheckin", None)
    call.chart.change(row, {}, at=call.now, by=call.by)
    return {"success": True}


def telehealth_room(call: Call, appointmentid: str) -> dict[str, str]:
    """An unauthenticated link, there on the department's day of a booked video visit only."""
    row = call.appointment(appointmentid)
    video = APPOINTMENT_TYPES[row["appointmenttypeid"]].telehealth
    if not video or row["appointmentstatus"] != "f" or not call.switches.telehealth_room:
        raise AthenaError(404, "There is no telehealth room for this appointment.")
    zone = call.chart.zone(row)
    if call.now.astimezone(zone).date() != call.chart.start(row).astimezone(zone).date():
        raise AthenaError(
            404, "The telehealth room is available on the day of the appointment only."
        )
    token = f"join-{appointmentid}"
    return {
        "appointmentid": appointmentid,
        "jointoken": token,
        "patienturl": f"https://telehealth.example.com/room/{token}",
    }


ROUTES = [
    Route("GET", "/appointments/<appointmentid>/confirmationstatus", read_confirmation),
    Route("PUT", "/appointments/<appointmentid>/confirmationstatus", write_confirmation),
    Route("GET", "/appointments/<appointmentid>/checkin", checkin_requirements),
    Route("POST", "/appointments/<appointmentid>/startcheckin", start_checkin),
    Route("POST", "/appointments/<appointmentid>/checkin", finish_checkin),
    Route("POST", "/appointments/<appointmentid>/cancelcheckin", cancel_checkin),
    Route("GET", "/appointments/<appointmentid>/nativeathenatelehealthroom", telehealth_room),
]
