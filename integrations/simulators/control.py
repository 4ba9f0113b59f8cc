"""/_sim/: what a test may see and do. JSON in and out, no credentials.

GET  /_sim/state       everything both vendors hold, and the ledger of accepted writes
GET  /_sim/settings    the switches; POST {switch: value, ...}, see switches.py;
                       proper_json also applies to keys in use
GET  /_sim/faults      what is still to go wrong; POST {...} or [{...}], see faults.py; DELETE
POST /_sim/tokens/revoke    all issued athenahealth tokens die now

POST /_sim/storm       {seed?: 1, share: {kind: probability}, path?: expression to search for,
                       until?: instant, delay_seconds?: 3, late_seconds?: 1}; kinds in storm.py
GET  /_sim/storm       calls, and counts by kind; DELETE makes it calm and keeps the counts
GET  /_sim/ledger?after=N&limit=M -> {entries, last, more}
                       every accepted write with its body and what it changed, and what staff or
                       the vendor changed; see ledger.py
         entry:        {n, at, source: api | staff | vendor, vendor, method, path, subjects,
                       idempotency_key, body, abandoned, states: [state]}
         state:        {kind: enrollment | appointment, id, before: {...} or null, after: {...}}
         enrollment:   status, appointment_external_id, starts_at, campaign_id, patient_id
         appointment:  status, starts_at, confirmation, type, department, patient

GET  /_sim/deliveries  webhooks of both vendors: {unpacked, waiting, delivered, given_up, totals}
POST /_sim/deliveries/replay -> {replayed}      {ids?: [...]}; what was given up is sent again
GET  /_sim/athena/subscriptions
POST /_sim/athena/subscriptions/{id}/silence    {silent?: true}; it tells nothing more, and says
                       it is active
POST /_sim/athena/subscriptions/{id}/report     {status: error | off, type?: heartbeat | handshake};
                       it says so, and tells nothing more
POST /_sim/relatient/webhook                    {url, secret, second_secret?}; DELETE

POST /_sim/athena/appointments -> {appointmentid}
         {patientid?, departmentid?, providerid?, appointmenttypeid?, starts_at | date + starttime,
         scheduledby?, any row field}; without a patientid an open slot
POST /_sim/athena/appointments/{id}/change
         {any row field, starts_at?, notes?: text or [text], confirmation?: id or null,
         lastmodifiedby?, event?}; null removes a field
POST /_sim/athena/appointments/{id}/cancel         {appointmentcancelreasonid?: "41"}
POST /_sim/athena/appointments/{id}/reschedule -> {newappointmentid}
         {starts_at | date + starttime, departmentid?, providerid?, appointmenttypeid?,
         appointmentcancelreasonid?: "-4"}
POST /_sim/athena/appointments/{id}/noshow, /checkin, /checkout
POST /_sim/athena/waitlist -> {waitlistid}
         {patientid, departmentid?, any field of a waitlist row}
POST /_sim/athena/patients -> {patientid}          {any patient field}
POST /_sim/athena/patients/{id}                    {any patient field}; null removes a field
POST /_sim/athena/patients/{id}/merge              {into}
POST /_sim/athena/patients/{id}/delete             only without booked appointments

These answer with the event that the vendor tells:
POST /_sim/relatient/answer
         {appointmentid | enrollment_id, type, text?, starts_at?, occurred_at?}
POST /_sim/relatient/consent
         {patientid, channel, type: opted_out | opted_in, occurred_at?, text?, enrollment_id?}
POST /_sim/relatient/enrollments/{id}/complete     its last step was sent
POST /_sim/relatient/message_failed                {enrollment_id, channel?, reason?}
POST /_sim/relatient/message_delivered             the same
POST /_sim/relatient/events/{id}/duplicate         told again, under a new seq

POST /_sim/relatient/enrollments/{id}/end          {status?: "cancelled"}; without an event
POST /_sim/relatient/events/expire                 drops all events: older cursors answer 410
POST /_sim/relatient/patients -> {id}              {external_id, any field}; a second one is allowed
POST /_sim/relatient/patients/{id}/merge           {into}; a person merges two records there
"""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from . import control_athena, control_relatient, control_webhooks
from .relatient.times import instant
from .routing import NoRoute, Route, RouteTable
from .simulation import Simulation

LEDGER_PAGE = 10_000


class Control:
    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.table = RouteTable(
            "/_sim",
            [
                *ROUTES,
                *control_webhooks.ROUTES,
                *control_athena.ROUTES,
                *control_relatient.ROUTES,
            ],
        )

    def respond(self, request: Request) -> Response:
        try:
            match = self.table.match(request)
            body = json.loads(request.get_data() or b"{}")
            if request.args:
                body |= request.args.to_dict()
            status, payload = 200, match.route.handler(self.simulation, body, **match.arguments)
        except NoRoute as error:
            status, payload = error.status, {"error": "no such control"}
        except (KeyError, TypeError, ValueError) as error:
            status, payload = 400, {"error": f"{type(error).__name__}: {error}"}
        return Response(json.dumps(payload), status, mimetype="application/json")


def state(simulation: Simulation, body: Any) -> dict[str, Any]:
    return {
        "now": instant(simulation.clock()),
        "athena": control_athena.state(simulation),
        "relatient": control_relatient.state(simulation),
        "writes": simulation.ledger.as_list(),
    }


def read_settings(simulation: Simulation, body: Any) -> dict[str, Any]:
    return simulation.switches.as_dict()


def change_settings(simulation: Simulation, body: dict[str, Any]) -> dict[str, Any]:
    simulation.switches.apply(body)
    if "proper_json" in body:
        simulation.athena.tokens.encode_all(body["proper_json"])
    return simulation.switches.as_dict()


def read_faults(simulation: Simulation, body: Any) -> list[dict[str, Any]]:
    return simulation.faults.remaining()


def order_faults(simulation: Simulation, body: Any) -> list[dict[str, Any]]:
    simulation.faults.order(body if isinstance(body, list) else [body])
    return simulation.faults.remaining()


def clear_faults(simulation: Simulation, body: Any) -> list[dict[str, Any]]:
    simulation.faults.clear()
    return []


def begin_storm(simulation: Simulation, body: dict[str, Any]) -> dict[str, Any]:
    simulation.storm.begin(**body)
    return simulation.storm.shown()


def read_storm(simulation: Simulation, body: Any) -> dict[str, Any]:
    return simulation.storm.shown()


def end_storm(simulation: Simulation, body: Any) -> dict[str, Any]:
    simulation.storm.end()
    return simulation.storm.shown()


def read_ledger(simulation: Simulation, body: dict[str, Any]) -> dict[str, Any]:
    after, limit = int(body.get("after", 0)), int(body.get("limit", LEDGER_PAGE))
    if after < 0 or limit < 1:
        raise ValueError("after and limit are no such numbers")
    entries = simulation.ledger.after(after, limit)
    last = entries[-1]["n"] if entries else after
    return {"entries": entries, "last": last, "more": last < len(simulation.ledger.entries)}


def revoke_tokens(simulation: Simulation, body: Any) -> dict[str, bool]:
    simulation.athena.tokens.revoke_all()
    return {"revoked": True}


ROUTES = [
    Route("GET", "/state", state),
    Route("GET", "/settings", read_settings),
    Route("POST", "/settings", change_settings),
    Route("GET", "/faults", read_faults),
    Route("POST", "/faults", order_faults),
    Route("DELETE", "/faults", clear_faults),
    Route("POST", "/tokens/revoke", revoke_tokens),
    Route("POST", "/storm", begin_storm),
    Route("GET", "/storm", read_storm),
    Route("DELETE", "/storm", end_storm),
    Route("GET", "/ledger", read_ledger),
]
