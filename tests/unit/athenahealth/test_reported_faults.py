"""A notification that says of its own subscription that it does not work, in either form."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.athenahealth.webhook import parse_notification
from integrations.transport.notification import ReportedFault
from tests.integration.webhook_room import bundle, parameters, status, told

JSON = dict[str, Any]


def saying(form: Any, kind: str, word: Any, *events: JSON, reference: str = "") -> JSON:
    """A Bundle whose status, in this form, is this word."""
    resource = form(kind, *events, topic="Appointment.cancel")
    named = {"reference": reference or "Subscription/5f1c"}
    if form is status:
        return bundle(resource | {"status": word, "subscription": named})
    given = [one for one in resource["parameter"] if one["name"] not in ("status", "subscription")]
    given.append({"name": "status", "valueCode": word})
    given.append({"name": "subscription", "valueReference": named})
    return bundle(resource | {"parameter": given})


@pytest.mark.parametrize("form", [status, parameters])
@pytest.mark.parametrize("kind", ["heartbeat", "handshake", "query-status", "event-notification"])
@pytest.mark.parametrize(("word", "said"), [("error", "error"), (" OFF ", "off")])
def test_a_status_that_tells_nothing_is_a_fault(form: Any, kind: str, word: str, said: str) -> None:
    sent = parse_notification(saying(form, kind, word))
    assert sent.faults == [ReportedFault("5f1c", "Appointment.cancel", said)]
    assert not sent.events
    assert not sent.unclear


@pytest.mark.parametrize("form", [status, parameters])
def test_events_that_come_along_are_taken(form: Any) -> None:
    sent = parse_notification(
        saying(form, "event-notification", "error", told("e-1", "900001", "195900"))
    )
    assert [one.identity for one in sent.events] == ["e-1"]
    assert [one.status for one in sent.faults] == ["error"]


@pytest.mark.parametrize("form", [status, parameters])
@pytest.mark.parametrize("word", ["active", "requested", "", None, 17, ["off"], "office"])
def test_any_other_status_is_none(form: Any, word: Any) -> None:
    assert parse_notification(saying(form, "heartbeat", word)).faults == []


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("https://api.platform.athenahealth.com/fhir/r4/Subscription/5f1c", "5f1c"),
        ("Subscription/5f1c/_history/3", "5f1c"),
        ("urn:uuid:5f1c", ""),
        ("Patient/5f1c", ""),
    ],
)
def test_a_subscription_is_named_by_its_reference(reference: str, named: str) -> None:
    sent = parse_notification(saying(status, "heartbeat", "off", reference=reference))
    assert [one.subscription for one in sent.faults] == [named]
