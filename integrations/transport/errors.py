"""The vocabulary in which the outbox hears how a call ended, shared by both vendors.

What went wrong before an answer came is the same for every vendor and is told here; what a
vendor's own answers mean is told in its own package. Sentences name the vendor, never a patient.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from campaigns.domain.values import Vendor
from campaigns.local_time import clock, zone_of
from campaigns.ports import (
    HELD_BACK,
    QUOTA_SPENT,
    THROTTLED,
    GatewayError,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from integrations.transport.client import HttpFailure, HttpReply, NotSent, NoTurn

# Codes beyond those of campaigns.ports.
NOT_SENT = "unreachable"
NO_ANSWER = "no_answer"
SERVER_ERROR = "vendor_unavailable"
VENDOR_NONSENSE = "vendor_nonsense"
REDIRECTED = "redirected"
REJECTED = "rejected"
FORBIDDEN = "forbidden"
NOT_CONNECTED = "not_connected"
NOT_SERVED = "not_served"

# A vendor that names a longer pause than this is not believed.
LONGEST_PAUSE_SECONDS = 26 * 3600.0


class Nonsense(Exception):
    """A well-formed answer with a value that makes no sense; the sentence holds no such value.

    `what` names the part that makes none, in people's words.
    """

    def __init__(self, sentence: str, what: str = "details") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.what = what


def spoken(vendor: str) -> str:
    """The vendor's name as it is written in a sentence."""
    return Vendor(vendor).label


def from_failure(vendor: str, failure: HttpFailure, *, changes: bool) -> GatewayError:
    """A call without an answer; `changes` when it would have changed something there."""
    name = spoken(vendor)
    if isinstance(failure, NotSent):
        return TryLater(
            f"{name} was not reached: {failure.reason}. Kept tries again.",
            # A call that Kept itself held back says nothing of the vendor.
            code=HELD_BACK if isinstance(failure, NoTurn) else NOT_SENT,
            retry_after=failure.retry_after,
        )
    if not changes:
        return TryLater(
            f"{name} did not answer: {failure.reason}. Kept asks again.", code=NO_ANSWER
        )
    return OutcomeUnknown(
        f"{name} may or may not have done this: {failure.reason}. Kept looks before it repeats.",
        code=NO_ANSWER,
    )


def server_error(vendor: str, reply: HttpReply, *, changes: bool) -> GatewayError:
    """A 5xx: harmless for a read, an open question for a change."""
    name = spoken(vendor)
    if changes:
        return OutcomeUnknown(
            f"{name} had an error ({reply.status}) and may or may not have done this. "
            "Kept looks before it repeats.",
            code=SERVER_ERROR,
            http_status=reply.status,
            request_id=reply.request_id,
        )
    return TryLater(
        f"{name} had an error ({reply.status}). Kept asks again.",
        code=SERVER_ERROR,
        http_status=reply.status,
        request_id=reply.request_id,
        retry_after=retry_after(reply),
    )


def throttled(vendor: str, reply: HttpReply, wait: float | None) -> TryLater:
    """The vendor asks for a pause."""
    return TryLater(
        f"{spoken(vendor)} asks for fewer calls at present. Kept waits and tries again.",
        code=THROTTLED,
        http_status=reply.status,
        request_id=reply.request_id,
        retry_after=wait,
    )


def quota_spent(
    vendor: str,
    until: datetime,
    time_zone: str,
    wait: float,
    *,
    for_patients: bool = False,
    reply: HttpReply | None = None,
) -> TryLater:
    """The calls of the day are used up, or kept `for_patients`; `until` is midnight GMT."""
    local = clock(until.astimezone(zone_of(time_zone)))
    again = f"Kept goes on at midnight GMT ({local} in the practice's zone)."
    used = f"{spoken(vendor)}'s calls of the day are used up."
    if for_patients:
        used = f"{spoken(vendor)}'s last calls of the day are kept for patients."
    return TryLater(
        f"{used} {again}",
        code=QUOTA_SPENT,
        http_status=reply.status if reply else None,
        request_id=reply.request_id if reply else "",
        retry_after=wait,
    )


def nonsense(vendor: str, reply: HttpReply, *, changes: bool) -> GatewayError:
    """A success whose body cannot be understood."""
    kind = OutcomeUnknown if changes else TryLater
    return kind(
        f"{spoken(vendor)} sent an answer that cannot be understood. If this goes on, give its "
        "support the request id.",
        code=VENDOR_NONSENSE,
        http_status=reply.status,
        request_id=reply.request_id,
    )


def redirected(vendor: str, reply: HttpReply) -> Refused:
    """A 3xx: credentials never follow a redirect."""
    return Refused(
        f"{spoken(vendor)} answered with a redirect. Check the address on the Connections page.",
        code=REDIRECTED,
        http_status=reply.status,
        request_id=reply.request_id,
    )


def refused(vendor: str, reply: HttpReply, *, code: str, sentence: str = "") -> Refused:
    """A clear no."""
    return Refused(
        sentence or f"{spoken(vendor)} refused the request ({reply.status}).",
        code=code,
        http_status=reply.status,
        request_id=reply.request_id,
    )


def retry_after(reply: HttpReply) -> float | None:
    """The Retry-After header in seconds: a number or a date; None when absent or absurd."""
    value = reply.headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value)
    # False for NaN as well.
    return seconds if 0 <= seconds <= LONGEST_PAUSE_SECONDS else None


def _seconds_until(http_date: str) -> float:
    try:
        moment = parsedate_to_datetime(http_date)
    except (TypeError, ValueError):
        return -1.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
