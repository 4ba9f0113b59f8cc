"""Stored rows as each endpoint shows them."""

from datetime import datetime
from typing import Any

from .call import Call
from .chart import Row
from .directory import APPOINTMENT_TYPES, Department
from .times import current_offset_hours, standard_offset_hours

# GET /patients/{id}/appointments is thin: no cancel reasons, no audit stamps (recorded, 500 rows).
THIN_FIELDS = [
    "date",
    "starttime",
    "duration",
    "appointmentid",
    "appointmenttype",
    "appointmenttypeid",
    "patientappointmenttypename",
    "departmentid",
    "providerid",
    "appointmentstatus",
    "copay",
]


def booked_row(call: Call, row: Row, telehealth: bool = True) -> Row:
    shown = dict(row)
    notes = call.chart.living_notes(row["appointmentid"])
    if notes and call.switches.notes_in_rows:
        shown["appointmentnotes"] = [
            {
                "id": note["noteid"],
                "text": note["notetext"],
                "displayonschedule": note["displayonschedule"],
            }
            for note in notes
        ]
    if telehealth:
        shown |= telehealth_flag(call, row)
    if call.parameters.flag("showpatientdetail") and row.get("patientid") in call.chart.patients:
        shown["patient"] = call.chart.patients[row["patientid"]]
    return shown


def thin_row(call: Call, row: Row) -> Row:
    shown = {name: row[name] for name in THIN_FIELDS if name in row}
    return shown | (telehealth_flag(call, row) if call.parameters.flag("showtelehealth") else {})


def telehealth_flag(call: Call, row: Row) -> Row:
    name = call.switches.telehealth_field
    return {name: APPOINTMENT_TYPES[row["appointmenttypeid"]].telehealth} if name else {}


def slot_row(row: Row) -> Row:
    """Open slots carry integers where booked rows carry strings (recorded 2023)."""
    numbers = ["appointmentid", "appointmenttypeid", "departmentid", "providerid"]
    shown: Row = {name: int(row[name]) for name in numbers}
    for name in ["date", "starttime", "duration", "appointmenttype", "patientappointmenttypename"]:
        shown[name] = row[name]
    return shown | {"reasonid": ["-1"], "frozen": row.get("frozen", False)}


def department_row(department: Department, now: datetime) -> Row:
    standard = standard_offset_hours(department.zone, now)
    row: dict[str, Any] = {
        "departmentid": department.id,
        "name": department.name,
        "patientdepartmentname": department.patient_name,
        "phone": department.phone,
        "address": department.address,
        "city": department.city,
        "state": department.state,
        "zip": department.zip,
        "timezone": current_offset_hours(department.zone, now),
        "timezoneoffset": standard,
        "doesnotobservedst": not observes_dst(department, now),
        "ishospitaldepartment": False,
    }
    return row | ({"timezonename": department.zone_name} if department.names_zone else {})


def observes_dst(department: Department, now: datetime) -> bool:
    midsummer = now.replace(month=7, day=1)
    return current_offset_hours(department.zone, midsummer) != standard_offset_hours(
        department.zone, now
    )
