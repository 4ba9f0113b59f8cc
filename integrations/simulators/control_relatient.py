"""The control API's hand at Relatient: what patients answer, and what the vendor does by itself."""

from datetime import timedelta
from functools import partial
from typing import Any

from .relatient import answers
from .relatient.events import shown as shown_event
from .relatient.patients import merge_records
from .relatient.store import Record
from .relatient.times import instant, read_instant
from .routing import Route
from .simulation import Simulation

Body = dict[str, Any]


def state(simulation: Simulation) -> Body:
    store = simulation.relatient.store
    return {
        "patients": list(store.patients.values()),
        "enrollments": list(store.enrollments.values()),
        "messages": list(store.messages.values()),
        "events": [shown_event(event) for event in store.events],
        "requests": simulation.relatient.requests,
    }


def given_instant(body: Body, name: str) -> str:
    return instant(read_instant(body[name])) if name in body else ""


def enrollment_for(simulation: Simulation, body: Body) -> Record:
    store = simulation.relatient.store
    if "enrollment_id" in body:
        return store.enrollments[body["enrollment_id"]]
    found = store.latest_for(simulation.external_id(body["appointmentid"]))
    if found is None:
        raise ValueError("this appointment was never enrolled")
    return found


def answer(simulation: Simulation, body: Body) -> Body:
    if body["type"] not in answers.RESPONSES:
        raise ValueError(f"type has to be one of {', '.join(answers.RESPONSES)}")
    event = answers.answer(
        simulation.relatient.store,
        enrollment_for(simulation, body),
        body["type"],
        simulation.clock(),
        text=body.get("text", ""),
        starts_at=given_instant(body, "starts_at"),
        occurred_at=given_instant(body, "occurred_at"),
    )
    return shown_event(event)


def consent(simulation: Simulation, body: Body) -> Body:
    if body["type"] not in answers.CONSENTS:
        raise ValueError(f"type has to be one of {', '.join(answers.CONSENTS)}")
    store = simulation.relatient.store
    patients = store.patients_with(simulation.external_id(body["patientid"]))
    if not patients:
        raise ValueError("Relatient does not know this patient")
    when = given_instant(body, "occurred_at") or instant(simulation.clock())
    more = {"occurred_at": when}
    if body.get("text"):
        more["raw_text"] = body["text"]
    if body.get("enrollment_id"):
        more["enrollment_id"] = body["enrollment_id"]
    event = answers.consent(
        store, patients[0], body["channel"], body["type"], simulation.clock(), **more
    )
    return shown_event(event)


def complete(simulation: Simulation, body: Body, id: str) -> Body:
    store = simulation.relatient.store
    return shown_event(answers.complete(store, store.enrollments[id], simulation.clock()))


def end(simulation: Simulation, body: Body, id: str) -> Record:
    store = simulation.relatient.store
    store.end_enrollment(
        store.enrollments[id],
        body.get("status", "cancelled"),
        "ended_at_vendor",
        simulation.clock(),
    )
    return store.enrollments[id]


def message_outcome(simulation: Simulation, body: Body, status: str) -> Body:
    store = simulation.relatient.store
    sent = store.messages_of(body["enrollment_id"])
    sent = [one for one in sent if one["channel"] == body.get("channel", one["channel"])]
    if not sent:
        raise ValueError("no such message was sent")
    reason = body.get("reason", "undeliverable") if status == "failed" else None
    return shown_event(answers.message_outcome(store, sent[-1], status, simulation.clock(), reason))


def duplicate_event(simulation: Simulation, body: Body, id: str) -> Body:
    store = simulation.relatient.store
    original = next((event for event in store.events if event["id"] == id), None)
    if original is None:
        raise ValueError("no such event")
    return shown_event(store.append_event(original, simulation.clock()))


def expire_events(simulation: Simulation, body: Body) -> Body:
    store = simulation.relatient.store
    store.drop_events(simulation.clock() + timedelta(seconds=1))
    return {"dropped_to": store.dropped_to}


def add_patient(simulation: Simulation, body: Body) -> Body:
    body["external_id"] = str(body["external_id"])
    return {"id": simulation.relatient.store.add_patient(body)["id"]}


def merge(simulation: Simulation, body: Body, id: str) -> Body:
    """A person at the vendor merges two records; {into} stays."""
    store = simulation.relatient.store
    gone, survivor = store.patients[id], store.patients[body["into"]]
    return merge_records(store, gone, survivor, simulation.clock())


ROUTES = [
    Route("POST", "/relatient/answer", answer),
    Route("POST", "/relatient/consent", consent),
    Route("POST", "/relatient/enrollments/<id>/complete", complete),
    Route("POST", "/relatient/enrollments/<id>/end", end),
    Route("POST", "/relatient/message_failed", partial(message_outcome, status="failed")),
    Route("POST", "/relatient/message_delivered", partial(message_outcome, status="delivered")),
    Route("POST", "/relatient/events/<id>/duplicate", duplicate_event),
    Route("POST", "/relatient/events/expire", expire_events),
    Route("POST", "/relatient/patients", add_patient),
    Route("POST", "/relatient/patients/<id>/merge", merge),
]
