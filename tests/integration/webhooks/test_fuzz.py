"""Whatever is posted to the vendors' doors: never a 500, and the rows can be accounted for.

KEPT_FUZZ_EXAMPLES=5000 makes a long run of it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.context import acting_as
from integrations.athenahealth import webhook as athena
from integrations.inbox import process
from integrations.inbox.claim import NotNow
from integrations.models import InboundMessage
from integrations.relatient import webhook as relatient
from integrations.transport.response import NotJson, parse_json
from integrations.webhooks.request_body import TYPES
from tests.integration.webhook_room import (
    ATHENA,
    VENDORS,
    Room,
    answer_event,
    audit_event,
    bundle,
    parameters,
    signature,
    status,
    told,
)
from tests.integration.webhook_room import room as make_room

EXAMPLES = int(os.environ.get("KEPT_FUZZ_EXAMPLES", "40"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("vendor", VENDORS)]

EXPECTED = {200, 400, 401, 413, 415}
# Any text that JSON can spell, lone surrogates and NUL included.
anything = st.text(st.characters(codec=None), max_size=30)
numbers = st.integers() | st.floats(allow_nan=True, allow_infinity=True)
leaves = st.none() | st.booleans() | numbers | anything
names = anything | st.sampled_from(
    ["id", "events", "entry", "resource", "resourceType", "type", "topic", "focus", "identifier"]
    + ["notificationEvent", "parameter", "part", "name", "system", "value", "reference", "audit"]
)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=30,
)


@pytest.fixture
def room(db: None) -> Room:
    return make_room()


def valid(vendor: str, practice: str) -> list[Any]:
    """Bodies to spoil."""
    if vendor != ATHENA:
        return [{"events": [answer_event(f"e-{n}", practice) for n in range(3)]}]
    events = [told(f"e-{n}", "900001", practice, n) for n in range(3)]
    audits = [audit_event(one["id"], "Appointment.update", practice) for one in events]
    forms = [form("event-notification", *events) for form in (status, parameters)]
    return [bundle(form, *audits) for form in forms]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    found = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        for key in keys:
            found += [(value, key), *places(value[key])]
    return found


@st.composite
def spoiled(draw: Callable[..., Any], vendor: str, practice: str) -> Any:
    """A valid body in which some values are left out, doubled or replaced by anything."""
    body = json.loads(json.dumps(draw(st.sampled_from(valid(vendor, practice)))))
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(places(body) or [([None], 0)]))
        how = draw(st.sampled_from(["replace", "replace", "drop", "double"]))
        if how == "replace":
            container[key] = draw(documents)
        elif how == "drop":
            del container[key]
        elif isinstance(container, list):
            container.append(container[key])
    return body


def check(room: Room, vendor: str, body: bytes) -> None:
    """Signed: 400 exactly where it is no JSON, else 200 with as many rows as it has parts."""
    InboundMessage.objects.all().delete()
    answer = room.post(vendor, body)
    try:
        value = parse_json(body)
    except NotJson:
        assert answer.status_code == 400
        assert not InboundMessage.objects.exists()
        return
    assert answer.status_code == 200
    sent = {ATHENA: athena.parse_notification}.get(vendor, relatient.parse_notification)(value)
    parts = {("event", one.identity) for one in sent.events}
    parts |= {("notification", one.identity) for one in sent.unclear}
    stored = InboundMessage.objects.values_list("kind", "external_id")
    assert len(stored) == len(parts)
    assert set(stored) == parts


@fuzzed
@given(body=st.binary(max_size=400))
def test_any_bytes(room: Room, vendor: str, body: bytes) -> None:
    check(room, vendor, body)


@fuzzed
@given(value=documents)
def test_any_json(room: Room, vendor: str, value: Any) -> None:
    check(room, vendor, json.dumps(value).encode())


@fuzzed
@given(data=st.data())
def test_spoiled_notifications(room: Room, vendor: str, data: st.DataObject) -> None:
    value = data.draw(spoiled(vendor, room.practice.external_id))
    body = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(0, 2))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    check(room, vendor, bytes(body))


@fuzzed
@given(data=st.data())
def test_what_was_stored_is_taken_in_or_parked(
    room: Room, vendor: str, data: st.DataObject
) -> None:
    """Nobody is asked here, so what can be understood waits for a vendor that does not answer."""
    InboundMessage.objects.all().delete()
    value = data.draw(spoiled(vendor, room.practice.external_id))
    room.post(vendor, json.dumps(value).encode())
    room.practice.connections.update(paused_at=room.practice.created_at, paused_by="test")
    with acting_as(process="test"):
        for pk in list(InboundMessage.objects.values_list("pk", flat=True)):
            with suppress(NotNow):
                process.process(pk)
    for row in InboundMessage.objects.all():
        assert row.status in ("processed", "parked") or row.problem.endswith("is resumed.")
        # A defect of ours would be tried again.
        assert row.status != "stored" or row.attempts == 0
        assert "Tell your Kept operator" not in row.problem


@fuzzed
@given(
    body=st.binary(max_size=60),
    header=st.none() | st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=120),
    kind=st.none() | st.sampled_from(sorted(TYPES)) | anything.filter(lambda t: "\n" not in t),
    length=st.none() | st.text(st.characters(max_codepoint=255), max_size=8),
)
def test_any_headers(
    room: Room, vendor: str, body: bytes, header: str | None, kind: str | None, length: str | None
) -> None:
    """Nothing of this is signed, so nothing is kept."""
    # As a server does, this gives what there is, whatever length was promised.
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(body)}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    known = kind is None or kind in TYPES
    wanted = kind if known or kind is None else kind.encode("utf-8", "replace").decode("latin-1")
    answer = room.post(vendor, body, signature=header, type=wanted, environ=environ)
    assert answer.status_code in EXPECTED - {200}
    assert not InboundMessage.objects.exists()


@fuzzed
@given(change=st.integers(0, 200), letter=st.characters(max_codepoint=255))
def test_a_signature_changed_anywhere(room: Room, vendor: str, change: int, letter: str) -> None:
    body = json.dumps(room.valid(vendor)).encode()
    good = signature(vendor, body)
    place = change % len(good)
    header = good[:place] + letter + good[place + 1 :]
    InboundMessage.objects.all().delete()
    answer = room.post(vendor, body, signature=header)
    assert answer.status_code in (200, 401)
    # The letters of a hexadecimal number, and of the method's name, may be of either case.
    assert (answer.status_code == 200) == (header.lower().strip() == good)
