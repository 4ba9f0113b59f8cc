"""What the practice's database holds, and what may happen to an appointment in it.

Rows are kept as they go over the wire, with proper types: ids strings, starts local to the
department, audit stamps Eastern. Everything that happens is told to `publish`, which fills the
change feeds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..record_digest import Changed, RecordDigests
from .directory import APPOINTMENT_TYPES, CONFIRMATION_STATUSES, DEPARTMENTS, CancelReason
from .times import eastern, local_start, read_date, start_instant

Row = dict[str, Any]
# (feed, event, subject, by)
Publish = Callable[[str, str, str, str], None]


class Chart:
    def __init__(self, practice_id: str, publish: Publish, changed: Changed) -> None:
        self.practice_id = practice_id
        self.publish = publish
        self.digests = RecordDigests(changed)
        self.appointments: dict[str, Row] = {}
        self.notes: dict[str, list[Row]] = defaultdict(list)
        self.of_patient: dict[str, list[str]] = defaultdict(list)
        # MM/DD/YYYY -> ids; an id stays under a date that its appointment has left
        self.on_date: dict[str, dict[str, None]] = defaultdict(dict)
        self.patients: dict[str, Row] = {}
        self.previous_ids: dict[str, list[str]] = defaultdict(list)
        self.merged_into: dict[str, str] = {}
        # What a merge took away: the record, and the visits that were its own.
        self.merged_records: dict[str, tuple[Row, list[str]]] = {}
        self.cases: list[Row] = []
        self.waitlist: list[Row] = []
        self.last_ids = {
            "appointment": 1192900,
            "patient": 7000,
            "note": 100,
            "case": 173600,
            "waitlist": 1207,
        }

    def new_id(self, kind: str) -> int:
        self.last_ids[kind] += 1
        return self.last_ids[kind]

    def zone(self, row: Row) -> ZoneInfo:
        return DEPARTMENTS[row["departmentid"]].zone

    def start(self, row: Row) -> datetime:
        return start_instant(row, self.zone(row))

    def add(
        self,
        *,
        starts_at: datetime,
        department: str,
        provider: str,
        type_id: str,
        at: datetime,
        by: str,
        **fields: Any,
    ) -> Row:
        """A new row: booked when the fields name a patient, otherwise an open slot."""
        booked = "patientid" in fields
        row: Row = {
            "appointmentid": str(self.new_id("appointment")),
            **local_start(starts_at, DEPARTMENTS[department].zone),
            **type_fields(type_id),
            "departmentid": department,
            "providerid": provider,
            "appointmentstatus": "f" if booked else "o",
            "templateappointmenttypeid": type_id,
            "copay": 0,
            "chargeentrynotrequired": False,
            "coordinatorenterprise": False,
        }
        row["templateappointmentid"] = row["appointmentid"]
        if booked:
            row |= {
                "scheduledby": by,
                "scheduleddatetime": eastern(at),
                "encounterstatus": "",
                "urgent": False,
            }
        self.appointments[row["appointmentid"]] = row | fields
        self.index(row["appointmentid"])
        self.touched(
            row["appointmentid"], "ScheduleAppointment" if booked else "AddAppointmentSlot", at, by
        )
        return self.appointments[row["appointmentid"]]

    def index(self, appointment_id: str) -> None:
        patient_id = self.appointments[appointment_id].get("patientid")
        if patient_id and appointment_id not in self.of_patient[patient_id]:
            self.of_patient[patient_id].append(appointment_id)
        self.on_date[self.appointments[appointment_id]["date"]][appointment_id] = None

    def between(self, first: date | None, last: date | None) -> Iterator[Row]:
        """The appointments of these days, both included, without looking at all the others."""
        for day, ids in self.on_date.items():
            on = read_date(day)
            if (first is None or first <= on) and (last is None or on <= last):
                rows = (self.appointments.get(id) for id in ids)
                yield from (row for row in rows if row is not None and row["date"] == day)

    def touched(self, appointment_id: str, event: str, at: datetime, by: str) -> None:
        self.appointments[appointment_id] |= {"lastmodified": eastern(at), "lastmodifiedby": by}
        row = self.appointments[appointment_id]
        self.digests.see(appointment_id, self.digest_of(row), at)
        self.publish("appointments", event, appointment_id, by)

    def digest_of(self, row: Row) -> Row:
        return {
            "status": row["appointmentstatus"],
            "starts_at": self.start_if_known(row),
            "confirmation": row.get("appointmentconfirmationid"),
            "type": row["appointmenttypeid"],
            "department": row["departmentid"],
            "patient": row.get("patientid"),
        }

    def start_if_known(self, row: Row) -> str | None:
        """A test may put a visit into a department that no list has."""
        known = row["departmentid"] in DEPARTMENTS
        return self.start(row).strftime("%Y-%m-%dT%H:%M:%SZ") if known else None

    def change(
        self, row: Row, fields: Row, *, at: datetime, by: str, event: str = "UpdateAppointment"
    ) -> None:
        if "appointmenttypeid" in fields:
            fields = type_fields(str(fields["appointmenttypeid"])) | fields
        row |= fields
        self.index(row["appointmentid"])
        self.touched(row["appointmentid"], event, at, by)

    def book(self, slot: Row, patient_id: str, type_id: str, *, at: datetime, by: str) -> None:
        booked: Row = {
            "appointmentstatus": "f",
            "patientid": patient_id,
            "scheduledby": by,
            "scheduleddatetime": eastern(at),
        }
        booked |= {"appointmenttypeid": type_id, "urgent": False}
        self.change(slot, booked, at=at, by=by, event="ScheduleAppointment")

    def cancel(
        self, row: Row, reason: CancelReason, *, at: datetime, by: str, replacement: str = ""
    ) -> None:
        """A reason that frees the slot makes an open slot at once, with its own id (documented)."""
        fields: Row = {
            "appointmentstatus": "x",
            "cancelledby": by,
            "cancelleddatetime": eastern(at),
            "cancelreasonid": reason.id,
            "cancelreasonname": reason.name,
            "cancelreasonnoshow": reason.noshow,
            "cancelreasonslotavailable": reason.slot_available,
        }
        if replacement:
            fields["rescheduledappointmentid"] = replacement
        self.change(row, fields, at=at, by=by, event="CancelAppointment")
        if reason.slot_available:
            self.free_slot(row, at=at, by=by)

    def free_slot(self, row: Row, *, at: datetime, by: str) -> None:
        self.add(
            starts_at=self.start(row),
            department=row["departmentid"],
            provider=row["providerid"],
            type_id=row["templateappointmenttypeid"],
            at=at,
            by=by,
        )

    def reschedule(
        self, row: Row, new: Row, reason: CancelReason, *, at: datetime, by: str
    ) -> None:
        """Cancel the old row, book the new: there is no move. Only the old row has the link."""
        self.book(new, row["patientid"], row["appointmenttypeid"], at=at, by=by)
        self.cancel(row, reason, at=at, by=by, replacement=new["appointmentid"])

    def confirm(
        self, row: Row, status_id: str | None, *, at: datetime, by: str, echo: bool = True
    ) -> None:
        row.pop("appointmentconfirmationid", None)
        row.pop("appointmentconfirmationname", None)
        if status_id:
            row["appointmentconfirmationid"] = status_id
            row["appointmentconfirmationname"] = CONFIRMATION_STATUSES[status_id]
        if echo:
            self.touched(row["appointmentid"], "UpdateAppointment", at, by)
        else:
            row |= {"lastmodified": eastern(at), "lastmodifiedby": by}
            self.digests.see(row["appointmentid"], self.digest_of(row), at)

    def check_in(self, row: Row, *, at: datetime, by: str) -> None:
        fields = {
            "appointmentstatus": "2",
            "checkindatetime": eastern(at),
            "stopcheckin": eastern(at),
        }
        fields["startcheckin"] = row.get("startcheckin", eastern(at))
        self.change(row, fields, at=at, by=by, event="CheckIn")

    def add_note(self, row: Row, text: str, *, on_schedule: bool, at: datetime, by: str) -> None:
        """Writes the note only; the caller says whether the appointment counts as changed."""
        note = {
            "noteid": self.new_id("note"),
            "notetext": text,
            "created": eastern(at),
            "createdby": by,
        }
        self.notes[row["appointmentid"]].append(
            note | {"displayonschedule": on_schedule, "deleted": False}
        )

    def wait(self, patient_id: str, department: str, fields: Row) -> Row:
        """Somebody waits for an earlier visit; what they leave open is absent from the row."""
        entry: Row = {
            "waitlistid": self.new_id("waitlist"),
            "patientid": int(patient_id),
            "departmentid": int(department),
            "priority": "NORMAL",
            "allowanydepartment": False,
        }
        self.waitlist.append(entry | fields)
        return self.waitlist[-1]

    def living_notes(self, appointment_id: str) -> list[Row]:
        return [note for note in self.notes.get(appointment_id, []) if not note["deleted"]]


def type_fields(type_id: str) -> Row:
    kind = APPOINTMENT_TYPES[type_id]
    return {
        "appointmenttypeid": kind.id,
        "appointmenttype": kind.name,
        "patientappointmenttypename": kind.patient_name,
        "duration": kind.duration,
    }
