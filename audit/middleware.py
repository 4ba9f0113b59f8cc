"""Gives every request an id, and the audit its visitor and address."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.context import during_request

# Whatever a caller sends ends up in our logs, so only harmless ids are taken over.
HARMLESS_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class AuditMiddleware:
    """Stands after AuthenticationMiddleware, whose lazy user it keeps lazy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        with during_request(
            visitor=request.user,
            request_id=request_id,
            source_ip=request.META.get("REMOTE_ADDR") or None,
        ):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


def _request_id(request: HttpRequest) -> str:
    offered = request.headers.get("X-Request-Id", "")
    return offered if HARMLESS_ID.fullmatch(offered) else str(uuid.uuid4())
