"""Content types that Django fails at before any of our code runs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def without_unreadable(application: Application) -> Application:
    """A type with a parameter that Django cannot read counts as none.

    Django looks the encodings in it up while it makes the request, and lets what they raise
    through: a visitor would get a 500 for `charset=rot13`.
    """

    def checked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _is_readable(environ.get("CONTENT_TYPE") or ""):
            environ["CONTENT_TYPE"] = ""
        return application(environ, start_response)

    return checked


def _is_readable(content_type: str) -> bool:
    if ";" not in content_type:
        return True
    trial = {
        "REQUEST_METHOD": "GET",
        "wsgi.input": io.BytesIO(),
        "CONTENT_TYPE": content_type,
        "QUERY_STRING": "a=b",
    }
    try:
        return len(WSGIRequest(trial).GET) == 1
    except (ValueError, LookupError):
        return False
