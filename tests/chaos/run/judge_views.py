"""Invariant 6: nothing that a vendor told is lost. At rest Kept's view is the vendors'."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from campaigns.models import Appointment, ConsentEvent, Patient, Response
from integrations.models import InboundMessage
from tests.chaos.run.town import Town
from tests.chaos.run.verdict import Violation, evidence
from tests.scenarios.clinic import RULES
from tests.scenarios.machine_oracle import NO_SHOW, start_of

Row = dict[str, Any]
MAPPED = {rule[0] for rule in RULES}


def judge_views(town: Town, state: Row) -> list[Violation]:
    """Visits, patients and events."""
    return [
        *_visits(town, state),
        *_patients(town, state),
        *_events(town, state),
        *_acknowledged(state),
        *_parked(),
    ]


def _visits(town: Town, state: Row) -> list[Violation]:
    known = {
        one.external_id: one for one in Appointment.objects.select_related("patient").iterator()
    }
    found = []
    for row in state["athena"]["appointments"]:
        if not row.get("patientid"):
            continue
        name = row["appointmentid"]
        ours = known.get(name)
        problem = "Kept does not know the visit" if ours is None else _differs(ours, row)
        if problem:
            found.append(Violation(6, name, problem, evidence(town.journal, name, str(row))))
    return found


def _differs(ours: Appointment, row: Row) -> str:
    pairs = {
        "status": (ours.status, _status(row)),
        "start": (ours.starts_at, start_of(row)),
        "type": (ours.type_external_id, row["appointmenttypeid"]),
        "provider": (ours.provider_external_ids[:1], [row["providerid"]]),
        "confirmation": (
            ours.confirmation_external_id,
            str(row.get("appointmentconfirmationid") or ""),
        ),
        "patient": (_survivor(ours.patient).external_id, str(row["patientid"])),
    }
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return f"Kept has {wrong}" if wrong else ""


def _survivor(patient: Patient) -> Patient:
    return patient if patient.merged_into is None else _survivor(patient.merged_into)


def _status(row: Row) -> str:
    if row["appointmentstatus"] != "x":
        return {"f": "scheduled", "2": "checked_in"}.get(row["appointmentstatus"], "completed")
    if row.get("rescheduledappointmentid"):
        return "rescheduled"
    return "no_show" if row.get("cancelreasonid") == NO_SHOW else "cancelled"


def _patients(town: Town, state: Row) -> list[Violation]:
    """Whoever has a visit ahead of a type that is mapped: on no other one does a patient bear."""
    now = datetime.fromisoformat(state["now"])
    ahead = {
        str(row["patientid"])
        for row in state["athena"]["appointments"]
        if row["appointmentstatus"] == "f"
        and row["appointmenttypeid"] in MAPPED
        and start_of(row) > now
    }
    ours = {
        one.external_id: one
        for one in Patient.objects.filter(external_id__in=ahead, read_ended__isnull=False)
    }
    found = []
    for row in state["athena"]["patients"]:
        patient = ours.get(row["patientid"])
        if patient is None:
            continue
        record = patient.described
        pairs = {
            "active": (patient.active, row["status"] == "active"),
            "mobile": (str(record.mobile_phone or "")[-10:], row.get("mobilephone") or ""),
            "email": (record.email or "", row.get("email") or ""),
        }
        wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if wrong:
            lines = evidence(town.journal, row["patientid"])
            found.append(Violation(6, row["patientid"], f"Kept has {wrong}", lines))
    return found


def _events(town: Town, state: Row) -> list[Violation]:
    replies = set(Response.objects.values_list("event_id", flat=True))
    consents = set(ConsentEvent.objects.values_list("event_id", flat=True))
    kinds = {"response": replies, "consent": consents}
    lost = [
        event
        for event in state["relatient"]["events"]
        if event["id"] not in kinds.get(event["type"].partition(".")[0], {event["id"]})
    ]
    return [Violation(6, event["id"], "the event was lost", [str(event)]) for event in lost]


def _acknowledged(state: Row) -> list[Violation]:
    """What we answered with 2xx has its row in the inbox."""
    kept = set(InboundMessage.objects.filter(kind="event").values_list("external_id", flat=True))
    return [
        Violation(6, event, "acknowledged and not stored", [str(parcel)])
        for parcel in state["delivered"]
        for event in parcel["events"]
        if event not in kept
    ]


def _parked() -> list[Violation]:
    """No vendor sent anything here that makes no sense."""
    rows = InboundMessage.objects.filter(status="parked")
    return [
        Violation(6, f"message {one.pk}", f"parked: {one.problem}", [str(one.counts)])
        for one in rows
    ]
