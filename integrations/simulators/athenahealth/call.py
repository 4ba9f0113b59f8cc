"""One API call on its way through a handler."""

from dataclasses import dataclass, field
from datetime import datetime

from ..switches import Switches
from .chart import Chart, Row
from .errors import AthenaError
from .feed import FeedDesk
from .parameters import Parameters
from .tokens import ApiKey


@dataclass
class Call:
    chart: Chart
    feeds: FeedDesk
    switches: Switches
    key: ApiKey
    parameters: Parameters
    path: str
    now: datetime
    # ids of what the call concerns, for the simulator's own ledger of writes
    subjects: dict[str, str] = field(default_factory=dict)

    @property
    def by(self) -> str:
        return self.key.author

    def appointment(self, appointment_id: str, missing_status: int = 404) -> Row:
        row = self.chart.appointments.get(appointment_id)
        if row is None:
            raise AthenaError(missing_status, "The appointment could not be found.")
        return row

    def patient(self, patient_id: str) -> Row:
        if patient_id in self.chart.merged_into and self.switches.merged_patient_read == "survivor":
            return self.patient(self.chart.merged_into[patient_id])
        row = self.chart.patients.get(patient_id)
        if row is None:
            raise AthenaError(404, "The specified patient does not exist in that department.")
        return row

    def own_appointment(self, appointment_id: str) -> Row:
        """A booked row, named with its own patient's id, as cancel and reschedule insist on."""
        self.parameters.require("patientid")
        row = self.appointment(appointment_id, missing_status=400)
        if row["appointmentstatus"] != "f":
            raise AthenaError(400, "Appointment ID is not a booked appointment")
        if row["patientid"] != self.parameters.text("patientid"):
            raise AthenaError(400, "Additional fields are required.", missingfields=["patientid"])
        self.subjects["patientid"] = row["patientid"]
        return row
