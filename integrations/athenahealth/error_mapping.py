"""What an answer of athenahealth means: its content, or the error to raise (contract section 9).

    answer                                   a read        a change
    2xx with an error inside                 Refused       Refused
    2xx that cannot be understood            TryLater      OutcomeUnknown
    401, 402, 403 with `error`               Refused       Refused
    429; 403 that is no plain refusal;
    a gateway's fault about rate or quota    TryLater      TryLater
    other 4xx, 3xx                           Refused       Refused
    408, 5xx                                 TryLater      OutcomeUnknown

The vendor's own texts may quote what was sent, so none of them goes on: known ones are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from campaigns.domain.values import Vendor
from campaigns.ports import CREDENTIALS, NOT_FOUND, GatewayError, Refused
from integrations.athenahealth.schemas import to_flag
from integrations.transport import errors
from integrations.transport.client import HttpReply, MalformedReply

VENDOR = Vendor.ATHENAHEALTH
NOT_SUBSCRIBED = "not_subscribed"
WRONG_STATE = "wrong_state"
CONFLICT = "conflict"
NOT_SERVED = errors.NOT_SERVED

SUBSCRIPTION_MISSING = "require setup"
# In the body of a 403: the vendor means "slower", not "no".
THROTTLE_WORDS = re.compile(r"\brate\b|\bquota\b|\bratelimit", re.IGNORECASE)
ERROR_KEYS = ("error", "errormessage", "detailedmessage")
# Known texts of an error, lower case: code, and what the desk is told.
KNOWN_ERRORS = {
    "already been checked in": (WRONG_STATE, "This visit has already been checked in."),
    "already canceled": (WRONG_STATE, "This visit was already cancelled in athenahealth."),
    "already cancelled": (WRONG_STATE, "This visit was already cancelled in athenahealth."),
    "not a booked appointment": (WRONG_STATE, "This is no longer a booked visit in athenahealth."),
    "restrict": (errors.FORBIDDEN, "athenahealth restricts access to this patient's chart."),
}
# The rest by status.
BY_STATUS = {
    400: (errors.REJECTED, "athenahealth did not accept what Kept sent. Its log of exchanges "
          "has the request id for athenahealth's support."),
    404: (NOT_FOUND, "athenahealth does not know this record."),
    409: (CONFLICT, "Something else was booked or changed in athenahealth meanwhile."),
}  # fmt: skip

BAD_CREDENTIALS = (
    "athenahealth refused the client id or secret. Check ATHENA_CLIENT_ID and "
    "ATHENA_CLIENT_SECRET, or the Connections page."
)
NO_PERMISSION = (
    "athenahealth does not let this API key {task}. Ask athenahealth to grant the app that "
    "permission, then try again."
)
NOT_AN_ENDPOINT = (
    "athenahealth's gateway does not know this address. Check the practice id and the address on "
    "the Connections page."
)
NO_SUBSCRIPTION = "athenahealth holds no subscription to its change feed for this API key."


class NotSubscribed(Refused):
    """The change feed was never set up, or was dropped: subscribe, then backfill the gap."""


def content(reply: HttpReply, *, changes: bool, task: str) -> Any:
    """The parsed body of a success; anything else raises. `task` completes a sentence."""
    if not reply.ok:
        raise failure(reply, changes=changes, task=task)
    if changes and not reply.body.strip():
        return None
    try:
        body = reply.json()
    except MalformedReply:
        raise errors.nonsense(VENDOR, reply, changes=changes) from None
    if _soft_failure(body, changes=changes):
        code, sentence = _known(_error_text(body)) or BY_STATUS[400]
        raise errors.refused(VENDOR, reply, code=code, sentence=sentence)
    return body


def failure(reply: HttpReply, *, changes: bool, task: str) -> GatewayError:
    """The error for an answer that is no success."""
    if is_throttle(reply):
        return errors.throttled(VENDOR, reply, errors.retry_after(reply))
    if reply.status >= 500 or reply.status == 408:
        return errors.server_error(VENDOR, reply, changes=changes)
    if reply.status < 400:
        return errors.redirected(VENDOR, reply)
    if reply.status in (402, 403):
        return _forbidden(reply, changes=changes, task=task)
    return _refusal(reply)


def credentials_refused(reply: HttpReply) -> Refused:
    """The client id or secret is no longer accepted."""
    return errors.refused(VENDOR, reply, code=CREDENTIALS, sentence=BAD_CREDENTIALS)


def is_throttle(reply: HttpReply) -> bool:
    """429, or a 403 that is no plain refusal: not JSON, with `fault`, or about rate and quota.

    A gateway may tell of its quota with another status; its `fault` says so, and that it passed
    nothing on.
    """
    if reply.status == 429:
        return True
    body = reply.json_or_none() if reply.status >= 400 else None
    if reply.status != 403:
        fault = body.get("fault") if isinstance(body, Mapping) else None
        return fault is not None and bool(THROTTLE_WORDS.search(str(fault)))
    if not isinstance(body, Mapping) or "fault" in body:
        return True
    said = _error_text(body)
    return SUBSCRIPTION_MISSING not in said.lower() and bool(THROTTLE_WORDS.search(said))


def quota_of(reply: HttpReply) -> tuple[int, int | None]:
    """The day's calls: how many there are (0: not told) and how many are left, if the reply says.

    On calls to the API only: a reply of the token endpoint counts its minute (contract section 9).
    """
    limit = _count(reply, "X-RateLimit-Limit")
    return limit or 0, _count(reply, "X-RateLimit-Remaining")


def _count(reply: HttpReply, header: str) -> int | None:
    told = reply.headers.get(header, "").strip()
    # More would not fit into the row, and no vendor allows it.
    return int(told) if re.fullmatch(r"[0-9]{1,9}", told) else None


def _forbidden(reply: HttpReply, *, changes: bool, task: str) -> Refused:
    said = _error_text(reply.json_or_none())
    if SUBSCRIPTION_MISSING in said.lower():
        return NotSubscribed(
            NO_SUBSCRIPTION,
            code=NOT_SUBSCRIBED,
            http_status=reply.status,
            request_id=reply.request_id,
        )
    known = _known(said)
    if known:
        return errors.refused(VENDOR, reply, code=known[0], sentence=known[1])
    code = CREDENTIALS if changes or reply.status == 402 else errors.FORBIDDEN
    return errors.refused(VENDOR, reply, code=code, sentence=NO_PERMISSION.format(task=task))


def _refusal(reply: HttpReply) -> Refused:
    body = reply.json_or_none()
    if reply.status == 404 and not isinstance(body, Mapping):
        # The gateway's plain text. It must never pass for "no such record".
        return errors.refused(VENDOR, reply, code=NOT_SERVED, sentence=NOT_AN_ENDPOINT)
    known = _known(_error_text(body)) or BY_STATUS.get(reply.status) or BY_STATUS[400]
    return errors.refused(VENDOR, reply, code=known[0], sentence=known[1])


def _soft_failure(body: Any, *, changes: bool) -> bool:
    """Whether a 200 says no: `success` false, an error inside, or a bare message."""
    if isinstance(body, str):
        return changes and to_flag(body) is not True
    if isinstance(body, list):
        return any(_soft_failure(item, changes=False) for item in body)
    if not isinstance(body, Mapping):
        return changes and body is False
    if to_flag(body.get("success")) is False:
        return True
    return bool(body.get("error") or body.get("errormessage"))


def _error_text(body: Any) -> str:
    if isinstance(body, list):
        body = next((item for item in body if isinstance(item, Mapping)), None)
    if isinstance(body, str):
        return body
    if not isinstance(body, Mapping):
        return ""
    return " ".join(str(body.get(key) or "") for key in ERROR_KEYS)


def _known(text: str) -> tuple[str, str] | None:
    said = text.lower()
    return next((meaning for part, meaning in KNOWN_ERRORS.items() if part in said), None)
