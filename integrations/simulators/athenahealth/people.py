"""Patients of the chart: create, change, merge."""

from datetime import datetime
from typing import Any

from .chart import Chart, Row
from .times import DATE, EASTERN


def add_patient(chart: Chart, fields: dict[str, Any], *, at: datetime, by: str) -> Row:
    patient_id = str(chart.new_id("patient"))
    today = at.astimezone(EASTERN).strftime(DATE)
    row: Row = {"status": "active", "consenttotext": False, "registrationdate": today} | fields
    row |= {"patientid": patient_id, "lastupdated": today, "lastupdatedby": by}
    chart.patients[patient_id] = row
    chart.publish("patients", "AddPatient", patient_id, by)
    return row


def change_patient(
    chart: Chart, row: Row, fields: dict[str, Any], *, at: datetime, by: str
) -> None:
    row |= fields
    row |= {"lastupdated": at.astimezone(EASTERN).strftime(DATE), "lastupdatedby": by}
    chart.publish("patients", "UpdatePatient", row["patientid"], by)


def merge_patients(chart: Chart, gone: str, survivor: str, *, at: datetime, by: str) -> None:
    """All that hangs on the old record moves to the surviving one.

    The feed shows that one with `previouspatientids`, and each visit with its new patient.
    """
    chart.merged_into[gone] = survivor
    chart.previous_ids[survivor] += [gone, *chart.previous_ids.pop(gone, [])]
    visits = chart.of_patient.pop(gone, [])
    chart.merged_records[gone] = (chart.patients.pop(gone), list(visits))
    for appointment_id in visits:
        chart.change(chart.appointments[appointment_id], {"patientid": survivor}, at=at, by=by)
    for row in [*chart.cases, *chart.waitlist]:
        if str(row["patientid"]) == gone:
            # Each list keeps its own type of id.
            row["patientid"] = type(row["patientid"])(survivor)
    chart.publish("patients", "MergePatient", survivor, by)


def unmerge_patients(chart: Chart, gone: str, *, at: datetime, by: str) -> None:
    """The old record lives again, with the visits that were its own; newer ones stay."""
    survivor = chart.merged_into.pop(gone)
    chart.previous_ids[survivor].remove(gone)
    chart.patients[gone], visits = chart.merged_records.pop(gone)
    for appointment_id in visits:
        chart.change(chart.appointments[appointment_id], {"patientid": gone}, at=at, by=by)
    for one in (gone, survivor):
        chart.publish("patients", "UpdatePatient", one, by)


def delete_patient(chart: Chart, patient_id: str, *, by: str) -> None:
    """Only somebody without a visit to come can be deleted."""
    visits = [chart.appointments[one] for one in chart.of_patient.get(patient_id, [])]
    if any(row["appointmentstatus"] == "f" for row in visits):
        raise ValueError("this patient has booked appointments")
    chart.publish("patients", "DeletePatient", patient_id, by)
    del chart.patients[patient_id]
