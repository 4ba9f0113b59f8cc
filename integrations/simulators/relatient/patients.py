"""Patients: look up, create, update, consents."""

from datetime import datetime
from typing import Any

from ..routing import Route
from .call import Call, Reply
from .errors import Refusal, invalid
from .fields import CHANNELS, check_birth_date, check_contacts, moment, one_of, required_text
from .store import Record, Store

WRITABLE = [
    "external_id",
    "first_name",
    "last_name",
    "date_of_birth",
    "email",
    "mobile_phone",
    "home_phone",
    "language",
]


def look_up(call: Call) -> Reply:
    external_id = call.request.args.get("external_id", "")
    if not external_id:
        raise invalid("external_id", "is required")
    found = call.store.patients_with(external_id)
    if not found:
        raise Refusal("patient_not_found")
    if len(found) > 1:
        raise Refusal("ambiguous")
    return Reply(200, found[0])


def create(call: Call) -> Reply:
    """The same external id again answers with the stored record, unchanged."""
    fields = written(call)
    call.subjects["patient_external_id"] = required_text(fields, "external_id")
    if found := call.store.patients_with(fields["external_id"]):
        if call.switches.existing_patient_status == 409:
            raise Refusal("already_exists", existing_id=found[0]["id"])
        return Reply(200, found[0], changed=False)
    return Reply(201, call.store.add_patient(fields))


def update(call: Call, id: str) -> Reply:
    patient = call.patient(id)
    expected = call.request.headers.get("If-Match", "").strip('"')
    if expected and expected != patient["etag"]:
        raise Refusal("etag_mismatch")
    fields = written(call)
    others = [
        one for one in call.store.patients_with(fields.get("external_id", "")) if one is not patient
    ]
    if others:
        raise invalid("external_id", "belongs to another patient")
    call.store.update_patient(patient, fields)
    call.subjects["patient_external_id"] = patient["external_id"]
    return Reply(200, patient)


def written(call: Call) -> dict[str, Any]:
    """Unknown fields are ignored."""
    fields = {name: value for name, value in call.body.items() if name in WRITABLE}
    check_contacts(fields)
    check_birth_date(fields)
    return fields


def record_consent(call: Call, id: str, channel: str) -> Reply:
    patient = call.patient(id)
    if channel not in CHANNELS:
        raise invalid("channel", f"has to be one of {', '.join(CHANNELS)}")
    state = one_of(call.body, "state", ["opted_in", "opted_out", "unknown"])
    required_text(call.body, "source")
    moment(call.body, "at")
    call.subjects["patient_external_id"] = patient["external_id"]
    return Reply(200, call.store.set_consent(patient, channel, state))


def merge_records(store: Store, gone: Record, survivor: Record, now: datetime) -> Record:
    """Two records of one person become one: enrollments follow, and a no stays a no."""
    for enrollment in store.enrollments_of(gone["id"]):
        enrollment["patient_id"] = survivor["id"]
        store.compare(enrollment, now)
    moved = store.enrollment_ids_of_patient.pop(gone["id"], [])
    # In the order in which they were made, as one patient's list shows them.
    of_survivor = [*store.enrollment_ids_of_patient[survivor["id"]], *moved]
    store.enrollment_ids_of_patient[survivor["id"]] = sorted(of_survivor)
    for channel, state in gone["consents"].items():
        if state == "opted_out" or channel not in survivor["consents"]:
            survivor["consents"][channel] = state
    store.patients_by_external_id[gone["external_id"]].remove(gone)
    del store.patients[gone["id"]]
    return store.patient_changed(survivor)


ROUTES = [
    Route("GET", "/patients", look_up, "patients.read"),
    Route("POST", "/patients", create, "patients.write", keyed=True),
    Route("PATCH", "/patients/<id>", update, "patients.write"),
    Route("PUT", "/patients/<id>/consents/<channel>", record_consent, "patients.write"),
]
