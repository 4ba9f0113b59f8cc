"""Messages: an enrollment's log, and a single text to a number of the practice."""

from ..routing import Route
from .call import Call, Reply
from .errors import Refusal, invalid
from .fields import E164, one_of, required_text

BODY_MAX = 320


def of_enrollment(call: Call, id: str) -> Reply:
    call.enrollment(id)
    return Reply(
        200,
        {"messages": call.store.messages_of(id)},
    )


def send(call: Call) -> Reply:
    to, body = required_text(call.body, "to"), required_text(call.body, "body")
    purpose = one_of(call.body, "purpose", ["waitlist_notice"])
    if len(body) > BODY_MAX:
        raise invalid("body", f"must not exceed {BODY_MAX} characters")
    if not E164.match(to):
        raise Refusal("invalid_phone")
    if refuses_texts(call, to):
        raise Refusal("opted_out")
    message = call.store.add_message("sms", call.now, to=to, body=body, purpose=purpose)
    call.subjects["message_id"] = message["id"]
    return Reply(202, message, replay_status=202)


def refuses_texts(call: Call, phone: str) -> bool:
    holders = [one for one in call.store.patients.values() if one.get("mobile_phone") == phone]
    return any(one["consents"].get("sms") == "opted_out" for one in holders)


def read_one(call: Call, id: str) -> Reply:
    if id not in call.store.messages:
        raise Refusal("not_found")
    return Reply(200, call.store.messages[id])


ROUTES = [
    Route("GET", "/enrollments/<id>/messages", of_enrollment, "patients.read"),
    Route("POST", "/messages", send, "messages.write", keyed=True),
    Route("GET", "/messages/<id>", read_one, "patients.read"),
]
