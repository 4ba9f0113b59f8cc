"""Text with NUL characters, which no keyboard types and PostgreSQL does not store."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

SENTENCE = "This contains a character that cannot be stored. Go back and type it again."


class PlainTextMiddleware:
    """Answers 400 where a form or an address holds one, instead of failing in the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        """After the middlewares have let the visitor in, before a view reads anything."""
        # Who reads the raw body checks it, and nobody may have read it before.
        if getattr(view, "reads_raw_body", False):
            return None
        for sent in (request.GET, request.POST):
            if any("\0" in value for _, values in sent.lists() for value in values):
                return HttpResponseBadRequest(SENTENCE, content_type="text/plain")
        return None
