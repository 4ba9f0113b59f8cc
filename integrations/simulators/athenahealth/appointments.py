"""Reading appointments: booked lists, single rows, open slots, a patient's list, the waitlist."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .errors import AthenaError
from .paging import page
from .rows import booked_row, slot_row, thin_row
from .times import EASTERN, from_eastern, read_date

BOOKED = {"default": 1000, "maximum": 10_000}
MOST_LISTS = {"default": 1500, "maximum": 5000}


def booked(call: Call) -> dict[str, Any]:
    """Cancelled rows vanish unless showcancelled is set. The dates bound the appointment."""
    call.parameters.require("startdate", "enddate")
    rows = [row for row in candidates(call) if "patientid" in row and selected(call, row)]
    rows.sort(
        key=lambda row: (row["date"][6:], row["date"], row["starttime"], row["appointmentid"])
    )
    answer = page(call, "appointments", rows, **BOOKED)
    answer["appointments"] = [booked_row(call, row) for row in answer["appointments"]]
    return answer


def candidates(call: Call) -> Iterable[Row]:
    """The rows of the asked dates, of one patient if one is named."""
    chart = call.chart
    if patient := call.parameters.text("patientid"):
        of_patient = (chart.appointments[one] for one in chart.of_patient.get(patient, []))
        return (row for row in of_patient if within_dates(call, row))
    return chart.between(call.parameters.date("startdate"), call.parameters.date("enddate"))


def within_dates(call: Call, row: Row) -> bool:
    first, last = call.parameters.date("startdate"), call.parameters.date("enddate")
    on = read_date(row["date"])
    return (first is None or first <= on) and (last is None or on <= last)


def selected(call: Call, row: Row) -> bool:
    wanted = call.parameters
    if (
        row["appointmentstatus"] == "x"
        and not wanted.flag("showcancelled")
        and wanted.text("appointmentstatus") != "x"
    ):
        return False
    for name in ["departmentid", "providerid", "appointmentstatus", "appointmenttypeid"]:
        if (values := wanted.listed(name)) and row[name] not in values:
            return False
    return modified_within(call, row)


def modified_within(call: Call, row: Row) -> bool:
    since, until = (
        call.parameters.stamp("startlastmodified"),
        call.parameters.stamp("endlastmodified"),
    )
    if since is None:
        return True
    changed = from_eastern(row["lastmodified"])
    return since <= changed and (until is None or changed <= until)


def read_one(call: Call, appointmentid: str) -> list[Row]:
    row = call.appointment(appointmentid)
    return [booked_row(call, row, telehealth=call.parameters.flag("showtelehealth"))]


def open_slots(call: Call) -> dict[str, Any]:
    """Without a type or a reason the list is empty, silently."""
    call.parameters.require("departmentid")
    types, reasons = call.parameters.listed("appointmenttypeid"), call.parameters.listed("reasonid")
    if not types and not reasons:
        return {"appointments": [], "totalcount": 0}
    today = call.now.astimezone(EASTERN).date()
    first = call.parameters.date("startdate") or today
    last = call.parameters.date("enddate") or today + timedelta(days=7)
    rows = [row for row in call.chart.between(first, last) if open_for(call, row, types)]
    answer = page(call, "appointments", rows, **BOOKED)
    answer["appointments"] = [slot_row(row) for row in answer["appointments"]]
    return answer


def open_for(call: Call, row: Row, types: set[str]) -> bool:
    wanted = call.parameters
    if row["appointmentstatus"] != "o" or row["departmentid"] not in wanted.listed("departmentid"):
        return False
    if row.get("frozen") and not wanted.flag("showfrozenslots"):
        return False
    if (providers := wanted.listed("providerid")) and row["providerid"] not in providers:
        return False
    return not types or row["appointmenttypeid"] in types


def of_patient(call: Call, patientid: str) -> dict[str, Any]:
    """Default: future and not cancelled."""
    call.patient(patientid)
    rows = [call.chart.appointments[one] for one in call.chart.of_patient.get(patientid, [])]
    rows = [row for row in rows if within_dates(call, row) and listed_by_default(call, row)]
    rows.sort(key=call.chart.start)
    answer = page(call, "appointments", rows, **MOST_LISTS)
    answer["appointments"] = [thin_row(call, row) for row in answer["appointments"]]
    return answer


def listed_by_default(call: Call, row: Row) -> bool:
    if row["appointmentstatus"] == "x" and not call.parameters.flag("showcancelled"):
        return False
    return call.parameters.flag("showpast") or call.chart.start(row) >= call.now


def one_of_patient(call: Call, patientid: str, appointmentid: str) -> list[Row]:
    row = call.appointment(appointmentid)
    if row.get("patientid") != patientid:
        raise AthenaError(404, "The appointment could not be found.")
    return [booked_row(call, row, telehealth=call.parameters.flag("showtelehealth"))]


def waitlist(call: Call) -> dict[str, Any]:
    """Integers where booked rows carry strings (contract section 2: types)."""
    return page(call, call.switches.waitlist_field, call.chart.waitlist, **MOST_LISTS)


ROUTES = [
    Route("GET", "/appointments/booked", booked),
    Route("GET", "/appointments/booked/multipledepartment", booked),
    Route("GET", "/appointments/open", open_slots),
    Route("GET", "/appointments/waitlist", waitlist),
    Route("GET", "/appointments/<appointmentid>", read_one),
    Route("GET", "/patients/<patientid>/appointments", of_patient),
    Route("GET", "/patients/<patientid>/appointments/<appointmentid>", one_of_patient),
]
