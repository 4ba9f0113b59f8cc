"""Appointment notes. POST returns no id, and posting twice makes two: search before re-posting."""

from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .errors import AthenaError

SHOWN = ["noteid", "notetext", "created", "createdby", "displayonschedule"]


def list_notes(call: Call, appointmentid: str) -> dict[str, Any]:
    call.appointment(appointmentid)
    notes = (
        call.chart.notes.get(appointmentid, [])
        if call.parameters.flag("showdeleted")
        else call.chart.living_notes(appointmentid)
    )
    return {
        "notes": [{name: note[name] for name in SHOWN} for note in notes],
        "totalcount": len(notes),
    }


def add_note(call: Call, appointmentid: str) -> dict[str, Any]:
    call.parameters.require("notetext")
    row = call.appointment(appointmentid)
    text, on_schedule = call.parameters.text("notetext"), call.parameters.flag("displayonschedule")
    call.chart.add_note(row, text, on_schedule=on_schedule, at=call.now, by=call.by)
    return changed(call, row)


def change_note(call: Call, appointmentid: str, noteid: str) -> dict[str, Any]:
    row, note = call.appointment(appointmentid), find_note(call, appointmentid, noteid)
    note["notetext"] = call.parameters.text("notetext", note["notetext"])
    note["displayonschedule"] = call.parameters.flag("displayonschedule", note["displayonschedule"])
    return changed(call, row)


def delete_note(call: Call, appointmentid: str, noteid: str) -> dict[str, Any]:
    row, note = call.appointment(appointmentid), find_note(call, appointmentid, noteid)
    note["deleted"] = True
    return changed(call, row)


def find_note(call: Call, appointment_id: str, note_id: str) -> Row:
    for note in call.chart.living_notes(appointment_id):
        if str(note["noteid"]) == note_id:
            return note
    raise AthenaError(404, "The note could not be found.")


def changed(call: Call, row: Row) -> dict[str, Any]:
    call.chart.change(row, {}, at=call.now, by=call.by)
    return {"success": True}


ROUTES = [
    Route("GET", "/appointments/<appointmentid>/notes", list_notes),
    Route("POST", "/appointments/<appointmentid>/notes", add_note),
    Route("PUT", "/appointments/<appointmentid>/notes/<noteid>", change_note),
    Route("DELETE", "/appointments/<appointmentid>/notes/<noteid>", delete_note),
]
