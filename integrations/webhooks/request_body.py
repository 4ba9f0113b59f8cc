"""Reading the body of a request: of a known kind, not too long, and never trusting its headers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, UnreadablePostError

MOST_BYTES = 1024 * 1024
TYPES = frozenset({"application/json", "application/fhir+json"})


class Unusable(Exception):
    """The request cannot be taken at all; with the HTTP status and a short reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def read(request: HttpRequest) -> bytes:
    """The raw bytes: 415 when they are not said to be JSON, 413 when they are over 1 MiB."""
    if (request.content_type or "").strip().lower() not in TYPES:
        raise Unusable(415, "the content type is not JSON")
    if _length(request.META.get("CONTENT_LENGTH")) > MOST_BYTES:
        raise Unusable(413, "the body is over 1 MiB")
    try:
        # Never request.body, whose own limit answers in other words.
        body: bytes = _stream(request).read(MOST_BYTES + 1)
    except (UnreadablePostError, OSError):
        raise Unusable(400, "the body broke off") from None
    if len(body) > MOST_BYTES:
        raise Unusable(413, "the body is over 1 MiB")
    return body


def _stream(request: HttpRequest) -> Any:
    """What to read from; Django itself reads nothing of a body that is sent in chunks."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if chunked and request.META.get("wsgi.input_terminated"):
        return request.META["wsgi.input"]
    return request


def _length(said: Any) -> int:
    """What Content-Length says; 0 when it says no number, as Django takes it."""
    try:
        return int(said)
    except (TypeError, ValueError):
        return 0
