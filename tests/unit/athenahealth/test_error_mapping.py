"""What athenahealth's answers mean, and how long a pause it asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from campaigns.ports import CREDENTIALS, NOT_FOUND, GatewayError, OutcomeUnknown, Refused, TryLater
from integrations.athenahealth import error_mapping
from integrations.transport import errors
from integrations.transport.client import HttpReply

TASK = "write confirmations"


def _error(status, body=b"", *, changes=True, **headers) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        error_mapping.content(HttpReply(status, headers, body, "rrt-1"), changes=changes, task=TASK)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "changes", "kind", "code"),
    [
        (302, b"", True, Refused, "redirected"),
        (400, b'\n\n{"error": "Improper DOB."}', True, Refused, "rejected"),
        (400, b'{"error": "Appointment ID is not a booked appointment"}', True, Refused,
         "wrong_state"),
        (402, b'{"error": "No."}', False, Refused, CREDENTIALS),
        (403, b'{"error": "No."}', True, Refused, CREDENTIALS),
        (403, b'{"error": "No."}', False, Refused, "forbidden"),
        (403, b'{"error": "This patient is restricted."}', True, Refused, "forbidden"),
        (403, b"<h1>Developer Over Rate</h1>", True, TryLater, "rate_limited"),
        (403, b'{"fault": {}}', False, TryLater, "rate_limited"),
        (403, b'{"error": "Daily quota used."}', False, TryLater, "rate_limited"),
        (403, b'{"error": "Separate permission needed."}', False, Refused, "forbidden"),
        (404, b'{"error": "The appointment was not found."}', False, Refused, NOT_FOUND),
        (404, b'{"error": "This appointment has already been checked in."}', True, Refused,
         "wrong_state"),
        (404, b"Service not registered with API gateway.", True, Refused, "not_served"),
        (408, b"", True, OutcomeUnknown, "vendor_unavailable"),
        (409, b'{"error": "Taken."}', True, Refused, "conflict"),
        (418, b"", True, Refused, "rejected"),
        (429, b"", True, TryLater, "rate_limited"),
        (500, b"", True, OutcomeUnknown, "vendor_unavailable"),
        (500, b"", False, TryLater, "vendor_unavailable"),
        (200, b"<html>", True, OutcomeUnknown, "vendor_nonsense"),
        (200, b"<html>", False, TryLater, "vendor_nonsense"),
        (200, b"", False, TryLater, "vendor_nonsense"),
        (200, b'"The provider is required."', True, Refused, "rejected"),
        (200, b"false", True, Refused, "rejected"),
    ],
)  # fmt: skip
def test_every_answer_has_one_meaning(status, body, changes, kind, code):
    error = _error(status, body, changes=changes)
    assert (type(error), error.code) == (kind, code)
    assert error.request_id == "rrt-1"


def test_the_missing_subscription_is_neither_throttle_nor_refusal():
    body = b'{"error": "Changed messages require setup (subscription) that has not been done."}'
    assert isinstance(_error(403, body), error_mapping.NotSubscribed)


def test_the_vendors_own_words_stay_behind():
    body = b'{"error": "No Nora Sampleton here", "detailedmessage": "dob 02/03/1980"}'
    for status in (200, 400, 403, 404, 409, 500):
        assert "Nora" not in str(_error(status, body))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("37", 37), (" 1.5 ", 1.5), ("0", 0), ("-1", None), ("nan", None), ("inf", None),
     ("soon", None), ("", None), ("999999999", None)],
)  # fmt: skip
def test_the_pause_is_read_from_a_number(value, seconds):
    assert errors.retry_after(HttpReply(429, {"Retry-After": value}, b"")) == seconds


def test_the_pause_is_read_from_a_date():
    moment = datetime.now(UTC) + timedelta(seconds=60)
    reply = HttpReply(429, {"Retry-After": format_datetime(moment)}, b"")
    assert 55 < errors.retry_after(reply) <= 60
