"""What each kind of failure of Relatient means. Of what the vendor wrote only its code goes on.

answer                         read        write
3xx, 401, 403 with a code      Refused     Refused
4xx with a code                Refused     Refused
429, never sent, a gateway
that asks for fewer calls      TryLater    TryLater
4xx without a code             TryLater    TryLater
408, 5xx, none or unreadable   TryLater    OutcomeUnknown
"""

from __future__ import annotations

import re

from pydantic import ValidationError

from campaigns.domain.values import Vendor
from campaigns.ports import (
    ACTIVE_EXISTS,
    AMBIGUOUS,
    CREDENTIALS,
    NOT_ACTIVE,
    NOT_FOUND,
    GatewayError,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from integrations.drift.observe import DriftKind, unknown
from integrations.relatient.schemas import Failure
from integrations.transport import errors
from integrations.transport.client import HttpReply

PATIENT_NOT_FOUND = "patient_not_found"
CAMPAIGN_NOT_FOUND = "campaign_not_found"
ALREADY_EXISTS = "already_exists"
CURSOR_EXPIRED = "cursor_expired"
CHANGED_MEANWHILE = "changed_meanwhile"

# Sentences by code, for the desk or an admin, in place of anything that the vendor wrote.
SENTENCES = {
    ACTIVE_EXISTS: "This appointment already has active reminders at Relatient.",
    ALREADY_EXISTS: "Relatient already has a record of this patient.",
    AMBIGUOUS: "Relatient holds two records of this patient. Ask an admin to have them merged.",
    CAMPAIGN_NOT_FOUND: "Relatient does not know this campaign. Clinical ops must pick another.",
    CHANGED_MEANWHILE: "The record was changed at Relatient meanwhile. It has to be read again.",
    CURSOR_EXPIRED: "Relatient no longer holds the events that come next.",
    NOT_ACTIVE: "These reminders have ended at Relatient and can no longer be changed.",
    NOT_FOUND: "Relatient does not know this record.",
    PATIENT_NOT_FOUND: "Relatient does not know this patient.",
    "appointment_in_past": "Relatient sends no reminders for a visit that has begun.",
    "campaign_inactive": "This campaign is switched off at Relatient. Pick another.",
    "idempotency_key_reused": "Relatient has seen this request before, with other details.",
    "invalid_phone": "Relatient does not accept this phone number. Check the settings.",
    "no_reachable_channel": "Relatient cannot reach the patient. Check phone and email.",
    "opted_out": "The patient has opted out at Relatient of every channel that may be used.",
    "provider_required": "Relatient needs exactly one provider. Check the appointment's provider.",
    "validation_failed": "Relatient does not accept these details. Check phone and email.",
}
BAD_KEY = "Relatient refused the API key. Check RELATIENT_API_KEY, or the Connections page."
LACKS = "The Relatient API key lacks the permission {}. Ask Relatient to add it to the key."
STRANGER = "Something other than Relatient answered. Check its address on the Connections page."
# Of the 404s only these two name what is missing; any other means the record in the address.
NAMED_404 = frozenset({PATIENT_NOT_FOUND, CAMPAIGN_NOT_FOUND})
# Words of a gateway that mean "slower", not "no".
THROTTLE_WORDS = re.compile(r"\brate\b|\bquota|ratelimit|spike", re.IGNORECASE)
LONGEST_NOTICE = 4096
# A code is stored and shown, so nothing but a plain word gets through.
PLAIN_WORD = re.compile(r"[a-z][a-z0-9_]{0,59}")


def failure(reply: HttpReply, *, write: bool, permission: str) -> GatewayError:
    """The error for an answer that is no success; `permission` is what the call needed."""
    vendor = Vendor.RELATIENT
    if reply.status == 401:
        return errors.refused(vendor, reply, code=CREDENTIALS, sentence=BAD_KEY)
    if reply.status == 429 or _gateway_slows_down(reply):
        return errors.throttled(vendor, reply, errors.retry_after(reply))
    if reply.status == 403 and _said(reply) is None:
        # A proxy in front of the vendor: its 403 must never pass for a missing permission.
        return _not_the_vendor(reply)
    if reply.status == 403:
        sentence = LACKS.format(permission or "to sign in")
        return errors.refused(vendor, reply, code=CREDENTIALS, sentence=sentence)
    if reply.status >= 500 or reply.status == 408:
        return errors.server_error(vendor, reply, changes=write)
    if reply.status < 400:
        return errors.redirected(vendor, reply)
    return _refusal(reply)


def nonsense(found: errors.Nonsense, *, write: bool) -> GatewayError:
    """A success that speaks of another practice, or in words that Kept does not know."""
    kind = OutcomeUnknown if write else TryLater
    return kind(found.sentence, code=errors.VENDOR_NONSENSE)


def _refusal(reply: HttpReply) -> GatewayError:
    said = _said(reply)
    if said is None:
        # A proxy or a wrong address speaks: its bare 404 must never pass for "no such patient".
        return _not_the_vendor(reply)
    code = _code(reply.status, said.code)
    return Refused(
        SENTENCES.get(code, f"Relatient refused the request ({code})."),
        code=code,
        http_status=reply.status,
        request_id=reply.request_id,
        existing_id=said.existing_id or "",
    )


def _said(reply: HttpReply) -> Failure | None:
    """The vendor's own code and words of a failure, if the answer is the vendor's."""
    try:
        return Failure.model_validate(reply.json_or_none())
    except ValidationError:
        return None


def _gateway_slows_down(reply: HttpReply) -> bool:
    """A throttle by a gateway in front: a plain text, or a `fault`, about rate or quota."""
    if reply.status not in (403, 503) or _said(reply) is not None:
        return False
    return bool(THROTTLE_WORDS.search(reply.body[:LONGEST_NOTICE].decode("utf-8", "replace")))


def _not_the_vendor(reply: HttpReply) -> TryLater:
    return TryLater(
        STRANGER,
        code=errors.VENDOR_NONSENSE,
        http_status=reply.status,
        request_id=reply.request_id,
    )


def _code(status: int, said: str) -> str:
    if status == 404 and said not in NAMED_404:
        return NOT_FOUND
    if status == 412:
        return CHANGED_MEANWHILE
    if said not in SENTENCES:
        unknown(Vendor.RELATIENT, DriftKind.ERROR_CODE, said)
    return said if PLAIN_WORD.fullmatch(said) else errors.REJECTED
