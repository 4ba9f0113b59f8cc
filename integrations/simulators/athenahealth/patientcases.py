"""Patient cases: the nearest thing to a task for the front desk."""

from typing import Any

from ..routing import Route
from .call import Call
from .directory import DEPARTMENTS
from .errors import invalid
from .paging import page
from .times import eastern

# Case-sensitive. Only PATIENT with PATIENTCASE was seen working; the full lists are unconfirmed.
DOCUMENT_SOURCES = {"CARETAKER", "LAB", "OTHER", "PATIENT", "PHARMACY", "PROVIDER"}
DOCUMENT_SUBCLASSES = {
    "PATIENTCASE",
    "PATIENTCASE_ADMINISTRATIVE",
    "PATIENTCASE_APPOINTMENTREQUEST",
    "PATIENTCASE_OTHER",
}
TEXT_FIELDS = [
    "departmentid",
    "documentsource",
    "documentsubclass",
    "subject",
    "internalnote",
    "providerid",
    "priority",
]
INTERNAL_NOTE_MAX = 4000


def create(call: Call, patientid: str) -> dict[str, Any]:
    call.parameters.require("departmentid", "documentsource", "documentsubclass")
    call.patient(patientid)
    check_enum(call, "documentsource", DOCUMENT_SOURCES, "SOURCE")
    check_enum(call, "documentsubclass", DOCUMENT_SUBCLASSES, "DOCUMENTSUBCLASS")
    if call.parameters.text("departmentid") not in DEPARTMENTS:
        raise invalid("The department does not exist.")
    if len(call.parameters.text("internalnote")) > INTERNAL_NOTE_MAX:
        raise invalid(f"INTERNALNOTE must not exceed {INTERNAL_NOTE_MAX} characters.")
    given = {name: call.parameters.text(name) for name in TEXT_FIELDS if call.parameters.text(name)}
    case_id = open_case(call, patientid, given | {"autoclose": call.parameters.flag("autoclose")})
    return {"success": True, "patientcaseid": case_id}


def check_enum(call: Call, parameter: str, permitted: set[str], shown_as: str) -> None:
    value = call.parameters.text(parameter)
    if value not in permitted:
        raise invalid(f"The value '{value}' did not match any of the enum values for {shown_as}")


def open_case(call: Call, patient_id: str, fields: dict[str, Any]) -> int:
    case_id = call.chart.new_id("case")
    case = {
        "patientcaseid": case_id,
        "patientid": patient_id,
        "patientcasetype": "PATIENTCASE_OTHER",
        "priority": "2",
    }
    case |= fields
    case |= {"status": "CLOSED" if case.get("autoclose") else "REVIEW"}
    case |= {"createddatetime": eastern(call.now), "createduser": call.by}
    call.chart.cases.append(case)
    call.subjects["patientcaseid"] = str(case_id)
    return case_id


def of_patient(call: Call, patientid: str) -> dict[str, Any]:
    call.parameters.require("departmentid")
    call.patient(patientid)
    department = call.parameters.text("departmentid")
    cases = [
        case
        for case in call.chart.cases
        if case["patientid"] == patientid and case["departmentid"] == department
    ]
    return page(call, "patientcases", cases, default=1000, maximum=10_000)


ROUTES = [
    Route("POST", "/patients/<patientid>/documents/patientcase", create),
    Route("GET", "/patients/<patientid>/patientcases", of_patient),
]
