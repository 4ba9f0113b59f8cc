"""What an answer of athenahealth's FHIR API means, and where events may be sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaigns.models import Practice
from campaigns.ports import NOT_FOUND, OutcomeUnknown, Refused, TryLater
from integrations.athenahealth.auth import NOT_GRANTED
from integrations.athenahealth.events.subscription_client import moment
from integrations.athenahealth.events.subscription_codec import failure
from integrations.models import Connection
from integrations.subscriptions.endpoint_url import endpoint_of
from integrations.transport import errors
from integrations.transport.response import HttpReply


def outcome(code: str) -> bytes:
    """An OperationOutcome that quotes what was sent."""
    issue = {"severity": "error", "code": code, "diagnostics": "secret-of-the-request"}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def answer(status: int, body: bytes = b"", **headers: str) -> HttpReply:
    return HttpReply(status, headers, body, "rrt-1")


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (answer(400, outcome("invalid")), Refused, errors.REJECTED),
        (answer(422, outcome("not-supported")), Refused, errors.REJECTED),
        (answer(401, outcome("login")), Refused, NOT_GRANTED),
        (answer(403, outcome("forbidden")), Refused, NOT_GRANTED),
        (answer(403, outcome("throttled")), TryLater, errors.THROTTLED),
        (answer(403, b"Developer Over Rate"), TryLater, errors.THROTTLED),
        (answer(429, outcome("throttled")), TryLater, errors.THROTTLED),
        (answer(404, outcome("not-found")), Refused, NOT_FOUND),
        (answer(410, outcome("deleted")), Refused, NOT_FOUND),
        (answer(404, b"Service not registered with API gateway."), Refused, errors.NOT_SERVED),
        (answer(302), Refused, errors.REDIRECTED),
    ],
)
def test_what_an_answer_means(reply: HttpReply, kind: type[Exception], code: str) -> None:
    error = failure(reply, changes=True)
    assert (type(error), error.code) == (kind, code)
    assert "secret-of-the-request" not in error.sentence


def test_a_servers_error_leaves_a_change_open_and_a_read_to_be_repeated() -> None:
    assert type(failure(answer(503), changes=True)) is OutcomeUnknown
    assert type(failure(answer(503), changes=False)) is TryLater


def test_the_kind_of_issue_is_told_and_nothing_else() -> None:
    assert (
        "(422, not-supported)"
        in failure(answer(422, outcome("not-supported")), changes=True).sentence
    )
    assert "(422)." in failure(answer(422, outcome("Rosalind Quimby")), changes=True).sentence


@pytest.mark.parametrize("said", [None, "", "soon", "2026-06-01T12:00:00", 7])
def test_an_end_without_a_zone_is_no_end(said: Any) -> None:
    assert moment(said) is None


def test_an_end_in_utc() -> None:
    found = moment("2026-06-01T12:00:00Z")
    assert found is not None and found.isoformat() == "2026-06-01T12:00:00+00:00"


@pytest.fixture
def connection() -> Connection:
    practice = Practice(external_id="195900")
    return Connection(practice=practice, vendor="athenahealth", webhook_secret="hook")


@pytest.mark.parametrize(
    ("address", "production", "accepted"),
    [
        ("https://kept.example.org", True, True),
        ("https://kept.example.org/", True, True),
        ("https://kept.example.org:443", True, True),
        ("http://kept.example.org", True, False),
        ("https://kept.example.org:8443", True, False),
        ("http://127.0.0.1:8000", False, True),
        ("https://kept.example.org/kept", False, False),
        ("https://kept.example.org?x=1", False, False),
        ("https://me@kept.example.org", False, False),
        ("https://", False, False),
        ("https://kept.example.org:99999", False, False),
        ("kept.example.org", False, False),
        ("", False, False),
    ],
)
def test_where_events_may_be_sent(
    connection: Connection, settings: Any, address: str, production: bool, accepted: bool
) -> None:
    settings.PUBLIC_URL, settings.PRODUCTION = address, production
    if accepted:
        endpoint = endpoint_of(connection)
        assert endpoint == f"{address.rstrip('/')}/webhooks/athenahealth/195900/"
    else:
        with pytest.raises(Refused, match="PUBLIC_URL"):
            endpoint_of(connection)
