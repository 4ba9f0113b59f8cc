"""Enrollments: one appointment in one campaign."""

from typing import Any

from ..routing import Route
from .call import Call, Reply, cursor_page
from .errors import Refusal, invalid
from .fields import CHANNELS, appointment, channels, one_of, recipient, required_text
from .store import Record, contacts_of, opted_out, reachable

STATUSES = ["active", "completed", "cancelled"]
CANCEL_REASONS = [
    "appointment_cancelled",
    "appointment_rescheduled",
    "superseded",
    "route_changed",
    "not_eligible",
    "staff",
    "opted_out",
]
# The simulator's own notes on an enrollment, not part of the contract.
PRIVATE = {"history", "end_reason"}


def shown(enrollment: Record) -> Record:
    return {name: value for name, value in enrollment.items() if name not in PRIVATE}


def list_all(call: Call) -> Reply:
    status = one_of(dict(call.request.args), "status", STATUSES)
    rows = [one for one in call.store.enrollments.values() if one["status"] == status]
    page = cursor_page(call, "enrollments", rows, default=100, maximum=500)
    return Reply(200, page | {"enrollments": [shown(one) for one in page["enrollments"]]})


def list_of_patient(call: Call, id: str) -> Reply:
    call.patient(id)
    status = call.request.args.get("status")
    if status and status not in STATUSES:
        raise invalid("status", f"has to be one of {', '.join(STATUSES)}")
    rows = [one for one in call.store.enrollments_of(id) if status in (None, one["status"])]
    return Reply(200, {"enrollments": [shown(one) for one in reversed(rows)]})


def read_one(call: Call, id: str) -> Reply:
    return Reply(200, call.enrollment(id), shown)


def enroll(call: Call) -> Reply:
    body = call.body
    patient = call.patient(required_text(body, "patient_id"))
    campaign = call.store.campaigns.get(required_text(body, "campaign_id"))
    if campaign is None:
        raise Refusal("campaign_not_found")
    if not campaign["active"]:
        raise Refusal("campaign_inactive")
    fields = {"patient_id": patient["id"], "campaign_id": campaign["id"], **written(call, body)}
    refuse_second_active(call, fields["appointment"]["external_id"])
    refuse_unreachable(call, fields)
    enrollment = call.store.add_enrollment(fields, call.now)
    call.subjects |= {
        "enrollment_id": enrollment["id"],
        "appointment_external_id": fields["appointment"]["external_id"],
    }
    return Reply(201, enrollment, shown)


def written(call: Call, body: dict[str, Any]) -> Record:
    fields: Record = {
        "lead_channel": one_of(body, "lead_channel", CHANNELS),
        "channels_allowed": channels(body, "channels_allowed"),
        "recipient": recipient(body) or {"kind": "patient"},
        "appointment": appointment(body, call.now),
    }
    if fields["lead_channel"] not in fields["channels_allowed"]:
        raise invalid("lead_channel", "has to be one of channels_allowed")
    return fields | ({"send_window": body["send_window"]} if "send_window" in body else {})


def refuse_second_active(call: Call, external_id: str, besides: Record | None = None) -> None:
    existing = call.store.active_for(external_id)
    if existing and existing is not besides and call.switches.one_active_enrollment:
        raise Refusal("active_enrollment_exists", existing_id=existing["id"])


def refuse_unreachable(call: Call, fields: Record) -> None:
    """`opted_out` = every allowed channel is; else what reaches nobody is no_reachable_channel."""
    patient = call.patient(fields["patient_id"])
    if all(opted_out(one, patient) for one in fields["channels_allowed"]):
        raise Refusal("opted_out")
    contacts = contacts_of(fields["recipient"], patient)
    if fields["recipient"]["kind"] == "guardian" and not any(
        reachable(one, contacts) for one in CHANNELS
    ):
        raise Refusal("no_reachable_channel")
    if not call.store.usable_channels(fields):
        raise Refusal("no_reachable_channel")


def update(call: Call, id: str) -> Reply:
    """What the body leaves out stays. Nothing is sent; a resend is a call of its own."""
    enrollment = active(call, id)
    kept = {name: enrollment[name] for name in ("recipient", "lead_channel", "channels_allowed")}
    fields = {
        "patient_id": enrollment["patient_id"],
        "campaign_id": enrollment["campaign_id"],
    } | written(call, kept | call.body)
    refuse_second_active(call, fields["appointment"]["external_id"], besides=enrollment)
    refuse_unreachable(call, fields)
    call.store.update_enrollment(enrollment, fields, call.now)
    return Reply(200, enrollment, shown)


def active(call: Call, id: str) -> Record:
    enrollment = call.enrollment(id)
    if enrollment["status"] != "active":
        raise Refusal("not_active")
    return enrollment


def cancel(call: Call, id: str) -> Reply:
    enrollment = call.enrollment(id)
    reason = one_of(call.body, "reason", CANCEL_REASONS)
    was_active = enrollment["status"] == "active"
    if was_active:
        call.store.end_enrollment(enrollment, "cancelled", reason, call.now)
    return Reply(200, enrollment, shown, changed=was_active)


def resend(call: Call, id: str) -> Reply:
    one_of(call.body, "step", ["initial"])
    call.store.send_initial(active(call, id), call.now)
    return Reply(202, {}, replay_status=202)


ROUTES = [
    Route("GET", "/enrollments", list_all, "patients.read"),
    Route("GET", "/patients/<id>/enrollments", list_of_patient, "patients.read"),
    Route("POST", "/enrollments", enroll, "enrollments.write", keyed=True),
    Route("GET", "/enrollments/<id>", read_one, "patients.read"),
    Route("PATCH", "/enrollments/<id>", update, "enrollments.write"),
    Route("POST", "/enrollments/<id>/cancel", cancel, "enrollments.write"),
    Route("POST", "/enrollments/<id>/resend", resend, "enrollments.write", keyed=True),
]
