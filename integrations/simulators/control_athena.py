"""The control API's hand in the practice: what staff, patients and the portal do."""

from datetime import datetime
from typing import Any

from .athenahealth.chart import Chart, Row
from .athenahealth.directory import (
    CANCEL_REASONS,
    DEPARTMENTS,
    NO_SHOW,
    PATIENT_CANCELLED,
    RESCHEDULED_FROM_API,
)
from .athenahealth.people import (
    add_patient,
    change_patient,
    delete_patient,
    merge_patients,
    unmerge_patients,
)
from .athenahealth.times import eastern, local_start, start_instant
from .relatient.times import read_instant
from .routing import Route
from .simulation import Simulation
from .world import STAFF

Body = dict[str, Any]

PATIENT_DEFAULTS: Body = {
    "firstname": "Nova",
    "lastname": "Exemplar",
    "dob": "04/05/1979",
    "hasmobile": True,
    "emailexists": True,
    "consenttotext": True,
    "language6392code": "eng",
    "departmentid": "1",
}


def state(simulation: Simulation) -> Body:
    athena, chart = simulation.athena, simulation.athena.chart
    feeds = [
        {
            "client_id": client_id,
            "name": name,
            "waiting": len(feed.waiting),
            "processed": len(feed.processed),
        }
        for (client_id, name), feed in athena.feeds.feeds.items()
    ]
    return {
        "appointments": [
            row | {"notes": chart.notes.get(id, [])} for id, row in chart.appointments.items()
        ],
        "patients": list(chart.patients.values()),
        "patient_cases": chart.cases,
        "waitlist": chart.waitlist,
        "merged_patients": chart.merged_into,
        "feeds": feeds,
        "tokens_issued": athena.tokens.issued,
        "requests": athena.requests,
    }


def row_of(simulation: Simulation, id: str) -> tuple[Chart, Row]:
    return simulation.athena.chart, simulation.athena.chart.appointments[id]


def start_from(body: Body, department: str) -> datetime:
    if "starts_at" in body:
        return read_instant(body.pop("starts_at"))
    return start_instant(
        {"date": body.pop("date"), "starttime": body.pop("starttime")}, DEPARTMENTS[department].zone
    )


def book(simulation: Simulation, body: Body) -> Body:
    chart = simulation.athena.chart
    if "patientid" in body and body["patientid"] not in chart.patients:
        raise ValueError("no such patient")
    department = body.pop("departmentid", "1")
    row = chart.add(
        starts_at=start_from(body, department),
        department=department,
        provider=body.pop("providerid", "71"),
        type_id=body.pop("appointmenttypeid", "82"),
        at=simulation.clock(),
        by=body.pop("scheduledby", STAFF),
        **body,
    )
    return {"appointmentid": row["appointmentid"]}


def change(simulation: Simulation, body: Body, id: str) -> Row:
    chart, row = row_of(simulation, id)
    now, by, event = (
        simulation.clock(),
        body.pop("lastmodifiedby", STAFF),
        body.pop("event", "UpdateAppointment"),
    )
    if "starts_at" in body:
        zone = DEPARTMENTS[str(body.get("departmentid", row["departmentid"]))].zone
        body |= local_start(read_instant(body.pop("starts_at")), zone)
    for text in as_list(body.pop("notes", [])):
        chart.add_note(row, text, on_schedule=False, at=now, by=by)
    if "confirmation" in body:
        chart.confirm(row, body.pop("confirmation"), at=now, by=by, echo=False)
    for gone in [name for name, value in body.items() if value is None]:
        row.pop(gone, None)
        del body[gone]
    chart.change(row, body, at=now, by=by, event=event)
    return row


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def cancel(simulation: Simulation, body: Body, id: str) -> Row:
    chart, row = row_of(simulation, id)
    reason = CANCEL_REASONS[str(body.get("appointmentcancelreasonid", PATIENT_CANCELLED))]
    chart.cancel(row, reason, at=simulation.clock(), by=STAFF)
    return row


def reschedule(simulation: Simulation, body: Body, id: str) -> Body:
    chart, row = row_of(simulation, id)
    department = str(body.get("departmentid", row["departmentid"]))
    now = simulation.clock()
    new = chart.add(
        starts_at=start_from(body, department),
        department=department,
        provider=str(body.get("providerid", row["providerid"])),
        type_id=str(body.get("appointmenttypeid", row["appointmenttypeid"])),
        at=now,
        by=STAFF,
    )
    reason = CANCEL_REASONS[str(body.get("appointmentcancelreasonid", RESCHEDULED_FROM_API))]
    chart.reschedule(row, new, reason, at=now, by=STAFF)
    return {"newappointmentid": new["appointmentid"]}


def no_show(simulation: Simulation, body: Body, id: str) -> Row:
    return cancel(simulation, {"appointmentcancelreasonid": NO_SHOW}, id)


def check_in(simulation: Simulation, body: Body, id: str) -> Row:
    chart, row = row_of(simulation, id)
    chart.check_in(row, at=simulation.clock(), by=STAFF)
    return row


def check_out(simulation: Simulation, body: Body, id: str) -> Row:
    chart, row = row_of(simulation, id)
    now = simulation.clock()
    chart.change(
        row,
        {"appointmentstatus": "3", "checkoutdatetime": eastern(now)},
        at=now,
        by=STAFF,
        event="CheckOut",
    )
    return row


def wait(simulation: Simulation, body: Body) -> Body:
    chart = simulation.athena.chart
    patient = str(body.pop("patientid"))
    if patient not in chart.patients:
        raise ValueError("no such patient")
    entry = chart.wait(patient, str(body.pop("departmentid", "1")), body)
    return {"waitlistid": entry["waitlistid"]}


def create_patient(simulation: Simulation, body: Body) -> Body:
    chart = simulation.athena.chart
    given = PATIENT_DEFAULTS | own_contacts(len(chart.patients)) | body
    fields = {name: value for name, value in given.items() if value is not None}
    row = add_patient(chart, fields, at=simulation.clock(), by=STAFF)
    return {"patientid": row["patientid"]}


def own_contacts(others: int) -> Body:
    """A number and an address of their own for everybody: what is said from one counts for all who
    are written to there. Invented names, whose addresses lead nowhere.
    """
    number, mark = 7002 + others % 2990, f".{others}" if others else ""
    return {
        "mobilephone": f"617226{number}",
        "email": f"nova.exemplar{mark}@example.org",
    }


def update_patient(simulation: Simulation, body: Body, id: str) -> Row:
    chart = simulation.athena.chart
    row = chart.patients[id]
    for gone in [name for name, value in body.items() if value is None]:
        row.pop(gone, None)
        del body[gone]
    change_patient(chart, row, body, at=simulation.clock(), by=STAFF)
    return row


def merge(simulation: Simulation, body: Body, id: str) -> Row:
    chart = simulation.athena.chart
    survivor = chart.patients[body["into"]]
    merge_patients(chart, id, survivor["patientid"], at=simulation.clock(), by=STAFF)
    return survivor


def unmerge(simulation: Simulation, body: Body, id: str) -> Row:
    chart = simulation.athena.chart
    if id not in chart.merged_into:
        raise ValueError("this patient was not merged into another")
    unmerge_patients(chart, id, at=simulation.clock(), by=STAFF)
    return chart.patients[id]


def delete(simulation: Simulation, body: Body, id: str) -> Body:
    chart = simulation.athena.chart
    if id not in chart.patients:
        raise ValueError("no such patient")
    delete_patient(chart, id, by=STAFF)
    return {"deleted": id}


ROUTES = [
    Route("POST", "/athena/appointments", book),
    Route("POST", "/athena/appointments/<id>/change", change),
    Route("POST", "/athena/appointments/<id>/cancel", cancel),
    Route("POST", "/athena/appointments/<id>/reschedule", reschedule),
    Route("POST", "/athena/appointments/<id>/noshow", no_show),
    Route("POST", "/athena/appointments/<id>/checkin", check_in),
    Route("POST", "/athena/appointments/<id>/checkout", check_out),
    Route("POST", "/athena/waitlist", wait),
    Route("POST", "/athena/patients", create_patient),
    Route("POST", "/athena/patients/<id>", update_patient),
    Route("POST", "/athena/patients/<id>/merge", merge),
    Route("POST", "/athena/patients/<id>/unmerge", unmerge),
    Route("POST", "/athena/patients/<id>/delete", delete),
]
