"""Answers as the vendor's gateway writes them."""

import json
from typing import Any

from werkzeug.wrappers import Response

GATEWAY_NOT_FOUND = "Service not registered with API gateway."


def json_reply(status: int, payload: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(payload), status, headers, mimetype="application/json")


def error_reply(status: int, body: dict[str, Any]) -> Response:
    # Recorded error bodies start with two newlines.
    return Response("\n\n" + json.dumps(body), status, mimetype="application/json")


def text_reply(status: int, text: str) -> Response:
    return Response(text, status, mimetype="text/plain")


def unauthorized(token_given: bool) -> Response:
    """The exact body is unconfirmed; the docs name "Developer Inactive" for an absent header."""
    if not token_given:
        return text_reply(401, "<h1>Developer Inactive</h1>")
    fault = {
        "faultstring": "Invalid Access Token",
        "detail": {"errorcode": "keymanagement.service.invalid_access_token"},
    }
    return json_reply(401, {"fault": fault})


def throttled(style: str) -> Response:
    if style == "403":
        return text_reply(403, "<h1>Developer Over Qps</h1>")
    fault = {
        "faultstring": "Rate limit quota violation.",
        "detail": {"errorcode": "policies.ratelimit.QuotaViolation"},
    }
    return json_reply(429, {"fault": fault})
