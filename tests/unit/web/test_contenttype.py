"""Content types that Django fails at before a view can answer."""

import io

import pytest
from django.core.handlers.wsgi import WSGIRequest

from project.web.contenttype import without_unreadable

UNREADABLE = [
    "application/json; a*=nope''%ff",
    "application/json; a*=\xff''%ff",
    "application/json; charset=a\0b",
    "application/json; charset=rot13",
    "application/json; charset=hex",
    "application/json; charset=undefined",
]
READABLE = [
    "",
    "application/json",
    "application/fhir+json; charset=utf-8; fhirVersion=4.0",
    "application/json; charset=no-such-charset",
    "multipart/form-data; boundary=x",
]


def seen_by_django(content_type: str) -> str | None:
    """The type that a request has, behind the guard."""
    seen = []

    def django(environ, start_response):
        seen.append(WSGIRequest(environ).content_type)
        return []

    without_unreadable(django)(environ(content_type), None)
    return seen[0]


def environ(content_type: str) -> dict:
    return {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(),
        "CONTENT_TYPE": content_type,
        "QUERY_STRING": "a=b",
    }


@pytest.mark.parametrize("content_type", UNREADABLE)
def test_one_that_cannot_be_read_counts_as_none(content_type: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        _ = WSGIRequest(environ(content_type)).GET
    assert seen_by_django(content_type) == ""


@pytest.mark.parametrize("content_type", READABLE)
def test_others_are_left_as_they_are(content_type: str) -> None:
    assert seen_by_django(content_type) == content_type.partition(";")[0]
