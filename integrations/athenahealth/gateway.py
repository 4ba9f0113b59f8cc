"""What campaigns ask of athenahealth (campaigns/ports.py: EhrGateway), for one practice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from campaigns.models import Department
from campaigns.ports import (
    CREDENTIALS,
    NOT_FOUND,
    Deadline,
    Guard,
    OutcomeUnknown,
    Refused,
    Unreadable,
)
from campaigns.vendor_records import AppointmentRecord, PatientRecord, WaitlistRecord
from integrations.athenahealth import translate, waitlist
from integrations.athenahealth.client import AthenaClient, client_for
from integrations.athenahealth.schemas import RoomRow, to_text
from integrations.connections import registry
from integrations.drift.reference_check import Lists
from integrations.drift.store import records_drift
from integrations.models import Connection, WriteAccess
from integrations.transport import errors

CANCELLED = "x"

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@records_drift(lambda gateway: gateway.connection.practice.external_id)
@dataclass(frozen=True)
class AthenaGateway:
    """Translates on the way out and on the way back; all the rest is the client's."""

    client: AthenaClient
    connection: Connection
    departments: tuple[str, ...]

    def read_appointment(self, appointment: str) -> AppointmentRecord:
        """One appointment as it is now; an open slot is no appointment."""
        record = _translated(translate.appointment, self.client.appointment(appointment))
        if record is None:
            sentence = "athenahealth shows an open slot where this appointment was."
            raise Unreadable(sentence, translate.NO_VISIT, NOT_FOUND)
        Lists(self.connection.practice).watch(record)
        return record

    def read_patient(self, patient: str) -> PatientRecord:
        """One patient as they are now."""
        return _translated(translate.patient, self.client.patient(patient))

    def read_history(self, patient: str, first: date, last: date) -> Sequence[AppointmentRecord]:
        """The patient's booked and cancelled visits from first to last date, both included.

        The list of booked visits is asked, not the patient's own: only its rows name the cancel
        reasons, and so the no-shows (contract section 4.1).
        """
        found: dict[str, AppointmentRecord] = {}
        for page in self.client.booked(first, last, self.departments, patient=patient):
            for row in page.rows:
                record = _understood(translate.appointment, row)
                if record is not None and record.patient_external_id == patient:
                    found[record.external_id] = record
        return sorted(found.values(), key=lambda visit: (visit.local_start, visit.external_id))

    def read_join_link(self, appointment: str) -> str:
        """The link to today's video visit; empty when athenahealth has no room for it."""
        try:
            room = self.client.telehealth_room(appointment)
        except Refused as refused:
            if refused.code == NOT_FOUND:
                return ""
            raise
        return _translated(_web_link, room)

    def read_waitlist(self) -> Sequence[WaitlistRecord]:
        """Everybody who waits for an earlier visit; an odd entry does not hide the others."""
        found = (_understood(waitlist.entry, row) for row in self.client.waitlist())
        return [entry for entry in found if entry is not None]

    def write_confirmation(self, appointment: str, confirmation_status: str) -> None:
        """Set the appointment's confirmation status (the practice's reference id)."""
        self._write(self.client.put_confirmation, appointment, confirmation_status)

    def cancel_appointment(self, appointment: str, patient: str, reason: str, note: str) -> None:
        """Cancel with a reason of the practice's list and a note that carries our marker."""
        answer = self._write(self.client.cancel, appointment, patient, reason, note)
        status = to_text(answer.get("status")) if isinstance(answer, dict) else ""
        if status and status.lower() != CANCELLED:
            raise OutcomeUnknown(
                "athenahealth took the cancellation but does not show the visit as cancelled. "
                "Kept looks before it repeats.",
                code=errors.VENDOR_NONSENSE,
            )

    def add_schedule_note(self, appointment: str, text: str) -> None:
        """Add a note that shows on the day's schedule."""
        self._write(self.client.add_note, appointment, text)

    def count_schedule_notes(self, appointment: str, marker: str) -> int:
        """How many notes with this marker are on the appointment."""
        return sum(_holds(note, marker) for note in self.client.notes(appointment))

    def create_patient_case(
        self, patient: str, department: str, provider: str, subject: str, text: str
    ) -> str:
        """Open a task for the desk in the EHR; its id, empty when the answer names none."""
        answer = self._write(
            self.client.add_patient_case, patient, department, provider, subject, text
        )
        return to_text(answer.get("patientcaseid")) if isinstance(answer, dict) else ""

    def count_patient_cases(self, patient: str, department: str, marker: str) -> int:
        """How many tasks with this marker exist."""
        return sum(_holds(case, marker) for case in self.client.patient_cases(patient, department))

    def _write(self, call: Callable[..., Result], *arguments: str) -> Result:
        """A change in the chart; what it shows of the key's rights is remembered."""
        try:
            answer = call(*arguments)
        except Refused as refused:
            if refused.code == CREDENTIALS and refused.http_status != 401:
                registry.note_write_access(self.connection, WriteAccess.REFUSED)
            raise
        registry.note_write_access(self.connection, WriteAccess.WORKS)
        return answer


def build(connection: Connection, deadline: Deadline, guard: Guard) -> AthenaGateway:
    """The gateway of a connection."""
    return AthenaGateway(
        client=client_for(connection, deadline=deadline, guard=guard),
        connection=connection,
        departments=departments_of(connection),
    )


def departments_of(connection: Connection) -> tuple[str, ...]:
    """The departments whose booked visits are listed."""
    rows = Department.objects.filter(practice=connection.practice_id).order_by("pk")
    return tuple(rows.values_list("external_id", flat=True))


def _web_link(room: RoomRow) -> str:
    # It is shown as a link to people: nothing but a web address may become one.
    if room.patienturl and not room.patienturl.lower().startswith("https://"):
        raise errors.Nonsense("athenahealth sent a video link that is no secure web address.")
    return room.patienturl


def _translated(translation: Callable[[Any], Result], row: Any) -> Result:
    try:
        return translation(row)
    except errors.Nonsense as nonsense:
        raise Unreadable(nonsense.sentence, nonsense.what) from None


def _understood(translation: Callable[[Any], Result], row: Any) -> Result | None:
    # One odd row of years ago must not keep a patient from being reminded.
    try:
        return translation(row)
    except errors.Nonsense:
        logger.warning("row_skipped", extra={"list": translation.__module__.rpartition(".")[2]})
        return None


def _holds(value: Any, marker: str) -> bool:
    """Whether the marker stands anywhere in a row: the name of the text's field varies."""
    if isinstance(value, dict):
        return any(_holds(child, marker) for child in value.values())
    if isinstance(value, list):
        return any(_holds(child, marker) for child in value)
    return isinstance(value, str) and marker in value
