"""athenahealth's endpoints, one method each; the sections are those of the contract.

Nothing is repeated here but one token refresh. Rows come back as they were sent; translate.py and
reference.py give them meaning. The change feed is in feed.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from campaigns.ports import AMBIGUOUS, NOT_FOUND, Deadline, Guard, Refused, TryLater
from integrations.athenahealth import paging, times
from integrations.athenahealth.paging import PAGE_ROWS, Json, Page
from integrations.athenahealth.request import Calls, calls_for
from integrations.athenahealth.schemas import RoomRow, to_text
from integrations.models import Connection
from integrations.transport import errors

READ_APPOINTMENTS = "read appointments"
READ_PATIENTS = "read patients"
READ_LISTS = "read the practice's lists"
# One value of an upper-case enumeration each; these were seen to work (section 6).
CASE_SOURCE = "PATIENT"
CASE_SUBCLASS = "PATIENTCASE"
CASE_TEXT_LIMIT = 4000


@dataclass(frozen=True)
class AthenaClient:
    """The endpoints for one practice."""

    calls: Calls

    def departments(self) -> list[Json]:
        """GET /departments, hidden ones included (4.4)."""
        params = {"showalldepartments": "true"}
        return self._list("/departments", "departments", "departmentid", params)

    def providers(self) -> list[Json]:
        """GET /providers, resources that are no people included (4.4)."""
        return self._list("/providers", "providers", "providerid")

    def appointment_types(self) -> list[Json]:
        """GET /appointmenttypes, those for staff only included (4.4)."""
        params = {"hidenonpatient": "false"}
        return self._list("/appointmenttypes", "appointmenttypes", "appointmenttypeid", params)

    def cancel_reasons(self) -> list[Json]:
        """GET /appointmentcancelreasons (4.4)."""
        key = "appointmentcancelreasons"
        return self._list("/appointmentcancelreasons", key, "appointmentcancelreasonid")

    def confirmation_statuses(self) -> list[Json]:
        """GET /reference/appointmentconfirmationstatus; its rows stand under `status` (4.3)."""
        return self._list("/reference/appointmentconfirmationstatus", "status", "statusid")

    def booked(
        self,
        first: date,
        last: date,
        departments: Sequence[str] = (),
        *,
        modified_since: datetime | None = None,
        patient: str = "",
    ) -> Iterator[Page]:
        """GET /appointments/booked/multipledepartment, cancelled visits included (4.1)."""
        params = {
            "startdate": times.vendor_date(first),
            "enddate": times.vendor_date(last),
            "departmentid": ",".join(departments) or None,
            "patientid": patient or None,
            "startlastmodified": times.modified_since(modified_since) if modified_since else None,
            "showcancelled": "true",
            "showcopay": "false",
            "limit": PAGE_ROWS,
        }
        return paging.pages(
            self.calls,
            "/appointments/booked/multipledepartment",
            "appointments",
            id_field="appointmentid",
            params=params,
            task=READ_APPOINTMENTS,
        )

    def appointment(self, appointment: str) -> Json:
        """GET /appointments/{id}: an array of one; open slots as well (4.1)."""
        body = self.calls.read(
            "/appointments/{appointmentid}",
            {"showtelehealth": "true", "showcopay": "false"},
            task=READ_APPOINTMENTS,
            appointmentid=appointment,
        )
        return _the_one(body, "appointmentid", appointment)

    def patient(self, patient: str) -> Json:
        """GET /patients/{id}: an array, of one unless the practice is an enterprise (5)."""
        body = self.calls.read(
            "/patients/{patientid}",
            {"showpreviouspatientids": "true"},
            task=READ_PATIENTS,
            patientid=patient,
        )
        return _the_one(body, "patientid", patient)

    def put_confirmation(self, appointment: str, status: str) -> None:
        """PUT /appointments/{id}/confirmationstatus; the reply's body is not relied on (4.3)."""
        self.calls.change(
            "PUT",
            "/appointments/{appointmentid}/confirmationstatus",
            {"appointmentconfirmationid": status},
            task="write confirmations",
            appointmentid=appointment,
        )

    def cancel(self, appointment: str, patient: str, reason: str, note: str) -> Any:
        """PUT /appointments/{id}/cancel; answers {"status": "x"} (4.2)."""
        form = {
            "patientid": patient,
            "appointmentcancelreasonid": reason,
            "cancellationreason": note,
            "nopatientcase": "true",
        }
        return self.calls.change(
            "PUT",
            "/appointments/{appointmentid}/cancel",
            form,
            task="cancel appointments",
            appointmentid=appointment,
        )

    def notes(self, appointment: str) -> list[Json]:
        """GET /appointments/{id}/notes (4.4)."""
        return paging.rows(
            self.calls,
            "/appointments/{appointmentid}/notes",
            "notes",
            id_field="noteid",
            task="read appointment notes",
            appointmentid=appointment,
        )

    def add_note(self, appointment: str, text: str) -> None:
        """POST /appointments/{id}/notes: gives no id, so search before repeating (4.4)."""
        self.calls.change(
            "POST",
            "/appointments/{appointmentid}/notes",
            {"notetext": text, "displayonschedule": "true"},
            task="write appointment notes",
            appointmentid=appointment,
        )

    def add_patient_case(
        self, patient: str, department: str, provider: str, subject: str, text: str
    ) -> Any:
        """POST /patients/{id}/documents/patientcase; answers {"patientcaseid": ...} (6)."""
        form = {
            "departmentid": department,
            "documentsource": CASE_SOURCE,
            "documentsubclass": CASE_SUBCLASS,
            "providerid": provider or None,
            "subject": subject,
            "internalnote": text[:CASE_TEXT_LIMIT],
            # true would hide it from the inbox
            "autoclose": "false",
        }
        return self.calls.change(
            "POST",
            "/patients/{patientid}/documents/patientcase",
            form,
            task="open patient cases",
            patientid=patient,
        )

    def patient_cases(self, patient: str, department: str) -> list[Json]:
        """GET /patients/{id}/patientcases (6)."""
        return paging.rows(
            self.calls,
            "/patients/{patientid}/patientcases",
            "patientcases",
            id_field="patientcaseid",
            params={"departmentid": department},
            task="read patient cases",
            patientid=patient,
        )

    def telehealth_room(self, appointment: str) -> RoomRow:
        """GET /appointments/{id}/nativeathenatelehealthroom: a link for that day only (3).

        On every other day, and for a visit without a room: Refused `not_found`.
        """
        body = self.calls.read(
            "/appointments/{appointmentid}/nativeathenatelehealthroom",
            task="read telehealth links",
            appointmentid=appointment,
        )
        return RoomRow.model_validate(_the_one(body, "appointmentid", appointment))

    def waitlist(self) -> list[Json]:
        """GET /appointments/waitlist: everybody who waits (4.4); its plural is not recorded."""
        return paging.rows(
            self.calls,
            "/appointments/waitlist",
            "waitlistentries",
            id_field="waitlistid",
            task="read the waitlist",
        )

    def _list(
        self, template: str, key: str, id_field: str, params: Json | None = None
    ) -> list[Json]:
        return paging.rows(
            self.calls, template, key, id_field=id_field, params=params, task=READ_LISTS
        )


def client_for(connection: Connection, *, deadline: Deadline, guard: Guard) -> AthenaClient:
    """A client for a practice's connection."""
    return AthenaClient(calls_for(connection, deadline=deadline, guard=guard))


def _the_one(body: Any, id_field: str, wanted: str) -> Json:
    """The row of an array of one; of several (copies of an enterprise), the one asked for."""
    rows = [row for row in (body if isinstance(body, list) else [body]) if isinstance(row, dict)]
    if not rows and body != []:
        raise TryLater(
            "athenahealth sent a record that cannot be understood. Kept asks again.",
            code=errors.VENDOR_NONSENSE,
        )
    if not rows:
        raise Refused("athenahealth does not know this record.", code=NOT_FOUND)
    exact = [row for row in rows if to_text(row.get(id_field)) == wanted]
    if len(rows) > 1 and not exact:
        raise Refused(
            "athenahealth holds several records under this id. Have them merged there.",
            code=AMBIGUOUS,
        )
    return (exact or rows)[0]
