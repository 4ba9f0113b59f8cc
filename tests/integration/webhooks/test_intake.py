"""What authentic notifications become: rows, each event once, before anything is done with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.models import Appointment
from integrations.inbox import process, store
from integrations.inbox.store import store_events
from integrations.models import Connection, EventSubscription, InboundMessage, UnknownValue
from integrations.webhooks import endpoint
from tests.factories import AppointmentFactory
from tests.integration.webhook_room import (
    ATHENA,
    RELATIENT,
    VENDORS,
    Room,
    answer_event,
    audit_event,
    bundle,
    parameters,
    raw,
    signature,
    status,
    told,
)
from tests.integration.webhook_room import room as make_room


@pytest.fixture
def room(db: None) -> Room:
    return make_room()


def events_of(room: Room, *identities: str) -> list[dict[str, Any]]:
    practice = room.practice.external_id
    return [told(one, f"90000{n}", practice, n) for n, one in enumerate(identities, start=1)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_notification_is_stored_and_answered(room: Room, vendor: str) -> None:
    answer = room.send(vendor, room.valid(vendor))
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = room.rows()
    assert (row.vendor, row.kind, row.status, row.external_id) == (vendor, "event", "stored", "e-1")
    heard = Connection.objects.get(vendor=vendor).webhook_heard_at
    assert heard == row.received_at


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_sent_again_is_stored_once(room: Room, vendor: str) -> None:
    assert [room.send(vendor, room.valid(vendor)).status_code for _ in range(3)] == [200] * 3
    assert len(room.rows()) == 1


@pytest.mark.parametrize("form", [status, parameters])
def test_each_event_of_a_batch_is_a_row(room: Room, form: Any) -> None:
    events = events_of(room, "e-1", "e-2", "e-3")
    audits = [audit_event(one["id"], "Appointment.cancel", "195900") for one in events[:2]]
    assert (
        room.send(ATHENA, bundle(form("event-notification", *events), *audits)).status_code == 200
    )
    rows = room.rows()
    assert [row.external_id for row in rows] == ["e-1", "e-2", "e-3"]
    assert [row.payload["audit"] is None for row in rows] == [False, False, True]


def test_events_are_known_by_their_id_and_not_by_their_number(room: Room) -> None:
    for identity in ("e-1", "e-2"):
        event = told(identity, "900001", room.practice.external_id, number=1)
        room.send(ATHENA, bundle(status("event-notification", event), identity=identity))
    assert len(room.rows()) == 2
    event = told("e-2", "900001", room.practice.external_id, number=9)
    room.send(ATHENA, bundle(status("event-notification", event), identity="b-3"))
    assert len(room.rows()) == 2


@pytest.mark.parametrize("form", [status, parameters])
@pytest.mark.parametrize("kind", ["handshake", "heartbeat", "query-status", "sunshine"])
def test_what_asks_for_no_work_is_answered(room: Room, form: Any, kind: str) -> None:
    events = events_of(room, "e-1") if kind == "query-status" else []
    assert room.send(ATHENA, bundle(form(kind, *events))).status_code == 200
    assert room.rows() == []
    assert Connection.objects.get(vendor=ATHENA).webhook_heard_at is not None


@pytest.mark.parametrize(
    "identity", [None, "", "  ", True, ["e-1"], {"id": "e-1"}, "long " * 200, 17]
)
def test_odd_ids_do_not_lose_an_event(room: Room, identity: Any) -> None:
    event = told("", "900001", room.practice.external_id) | {"id": identity}
    for _ in range(2):
        assert room.send(ATHENA, bundle(status("event-notification", event))).status_code == 200
    (row,) = room.rows(kind="event", status="stored")
    assert 0 < len(row.external_id) <= 120


def test_an_event_may_be_named_by_its_audit_event(room: Room) -> None:
    event = told("", "900001", room.practice.external_id)
    del event["id"]
    event["additionalContext"] = [{"reference": "AuditEvent/ae-7"}]
    room.send(ATHENA, bundle(status("event-notification", event)))
    assert [row.external_id for row in room.rows()] == ["ae-7"]


UNCLEAR: list[Any] = [
    None,
    [],
    "words",
    17,
    {},
    {"resourceType": "Patient"},
    {"resourceType": "Bundle"},
    {"resourceType": "Bundle", "entry": "none"},
    # A plain bundle of version 0, as an old commit of the vendor's samples has it.
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"id": "1"}}]},
    bundle(status()),
    bundle({"resourceType": "Parameters"}),
    bundle(status() | {"notificationEvent": ["e-1", None, 3]}),
]


@pytest.mark.parametrize("body", UNCLEAR, ids=range(len(UNCLEAR)))
def test_signed_but_unknown_is_kept_where_it_can_be_seen(room: Room, body: Any) -> None:
    for _ in range(2):
        assert room.send(ATHENA, body).status_code == 200
    rows = room.rows()
    assert {(row.kind, row.status) for row in rows} == {("notification", "parked")}
    assert len(rows) == (3 if "e-1" in str(body) else 1)
    assert all(row.problem.startswith("athenahealth sent") for row in rows)


@pytest.mark.parametrize("body", [None, [], "words", 17, {}, {"events": None}, {"events": {}}])
def test_relatients_unknown_bodies_are_kept_too(room: Room, body: Any) -> None:
    assert room.send(RELATIENT, body).status_code == 200
    (row,) = room.rows()
    assert (row.kind, row.status) == ("notification", "parked")
    assert row.problem == "Relatient sent a notification without a list of events."


def test_an_event_without_an_id_does_not_hold_up_the_others(room: Room) -> None:
    practice = room.practice.external_id
    nameless = answer_event("", practice)
    events = ["words", nameless, answer_event("e-1", practice), None, {"id": None}]
    assert room.send(RELATIENT, {"events": events}).status_code == 200
    assert [row.external_id for row in room.rows(kind="event")] == ["e-1"]
    parked = room.rows(kind="notification", status="parked")
    assert len(parked) == 4
    assert {row.problem for row in parked} == {"Relatient sent an event without an id."}


def test_no_events_is_nothing_to_keep(room: Room) -> None:
    assert room.send(RELATIENT, {"events": []}).status_code == 200
    assert room.rows() == []


@pytest.mark.parametrize("webhook_first", [True, False])
def test_whichever_comes_first_counts_once(
    room: Room, as_process: None, webhook_first: bool
) -> None:
    """The list of events has the same ids, in whatever order the two arrive."""
    practice = room.practice.external_id
    visit = AppointmentFactory(practice=room.practice, external_id="900001")
    event = answer_event("e-1", practice, visit.external_id)
    connection = Connection.objects.get(vendor=RELATIENT)

    def by_webhook() -> None:
        assert room.send(RELATIENT, {"events": [event, event]}).status_code == 200

    def by_poll() -> tuple[int, int]:
        now = database_now()
        return store_events(connection, [event], began=now, ended=now, run=None)

    if webhook_first:
        by_webhook()
        assert by_poll() == (0, 1)
    else:
        assert by_poll() == (1, 0)
        by_webhook()
    counts = process.process_stored([room.practice])
    assert (counts["new"], len(room.rows())) == (1, 1)
    assert Appointment.objects.get(pk=visit.pk).responses.count() == 1


def test_polled_events_without_ids_are_not_taken_for_one(room: Room) -> None:
    connection = Connection.objects.get(vendor=RELATIENT)
    events = [{"id": "", "type": "a"}, {"id": "", "type": "b"}, {"id": "e-1"}]
    now = database_now()
    assert store_events(connection, events, began=now, ended=now, run=None) == (3, 0)
    assert store_events(connection, events, began=now, ended=now, run=None) == (0, 3)


def test_both_secrets_count_while_one_is_being_changed(room: Room) -> None:
    Connection.objects.filter(vendor=ATHENA).update(
        webhook_secret="the next one", webhook_secret_before="the last one"
    )
    for number, secret in enumerate(("the next one", "the last one")):
        body = raw(room.valid(ATHENA, f"e-{number}"))
        answer = room.post(ATHENA, body, signature=signature(ATHENA, body, secret))
        assert answer.status_code == 200
    assert len(room.rows()) == 2


def test_a_header_with_several_signatures_needs_one_that_is_right(room: Room) -> None:
    body = raw(room.valid(RELATIENT))
    good = signature(RELATIENT, body)
    header = good.replace(",v1=", f",v1={'0' * 64},v0=old,v1=")
    assert room.post(RELATIENT, body, signature=header).status_code == 200
    assert len(room.rows()) == 1


def test_when_it_was_heard_is_written_once_a_minute(room: Room) -> None:
    topic, other = "Appointment.schedule", "Appointment.cancel"
    connection = Connection.objects.get(vendor=ATHENA)
    for one in (topic, other):
        EventSubscription.objects.create(
            practice=room.practice,
            connection=connection,
            topic=one,
            external_id=one,
            endpoint="https://kept.example.org/",
            status="active",
            created_at=timezone.now(),
            checked_at=timezone.now(),
        )

    def heard() -> tuple[Any, ...]:
        subscriptions = EventSubscription.objects.order_by("topic")
        moments = subscriptions.values_list("last_event_at", flat=True)
        return (Connection.objects.get(vendor=ATHENA).webhook_heard_at, *moments)

    room.send(ATHENA, room.valid(ATHENA, "e-1"))
    first = heard()
    assert first[0] and first[1] is None and first[2] == first[0]
    room.send(ATHENA, room.valid(ATHENA, "e-2"))
    assert heard() == first
    earlier = timezone.now() - timedelta(seconds=61)
    Connection.objects.update(webhook_heard_at=earlier)
    EventSubscription.objects.update(last_event_at=earlier)
    room.send(ATHENA, room.valid(ATHENA, "e-3"))
    assert heard()[0] > earlier and heard()[2] > earlier and heard()[1] == earlier


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_acknowledgement_costs_few_queries(
    room: Room, vendor: str, django_assert_max_num_queries: Any
) -> None:
    """As many for a Bundle of fifty as for one; a repetition does not even write."""
    room.send(vendor, room.valid(vendor, "before"))
    practice = room.practice.external_id
    many = [f"m-{number}" for number in range(50)]
    body: Any = {"events": [answer_event(one, practice) for one in many]}
    if vendor == ATHENA:
        body = bundle(status("event-notification", *events_of(room, *many)))
    with django_assert_max_num_queries(20) as seen:
        assert room.send(vendor, body).status_code == 200
    work = [query["sql"] for query in seen.captured_queries if "PRAGMA" not in query["sql"]]
    assert len(work) <= 8, work
    assert len(room.rows()) == 51
    with django_assert_max_num_queries(20) as seen:
        assert room.send(vendor, body).status_code == 200
    assert not any("INSERT" in query["sql"] for query in seen.captured_queries)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_worker_is_rung_for_after_the_commit(transactional_db: None, vendor: str) -> None:
    room = make_room()
    for _ in range(2):
        assert room.send(vendor, room.valid(vendor)).status_code == 200
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_fails_changes_no_answer(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("database is locked")

    room = make_room()
    monkeypatch.setattr(doorbell, "_ring", broken)
    assert room.send(ATHENA, room.valid(ATHENA)).status_code == 200
    assert len(room.rows()) == 1


@pytest.mark.parametrize("error", [OperationalError("away"), RuntimeError("a defect")])
def test_what_could_not_be_stored_is_asked_for_again(
    room: Room, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: Any) -> int:
        raise error

    monkeypatch.setattr(endpoint, "store_notification", broken)
    answer = room.send(ATHENA, room.valid(ATHENA))
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert room.rows() == []


@pytest.mark.parametrize("odd", ["See you \ud83d", "\ude00", "Yes\0"])
def test_an_odd_character_keeps_no_answer_waiting(room: Room, odd: str) -> None:
    """A gateway that cuts a text at 160 units leaves half of an emoji."""
    events = [answer_event(f"e-{n}", room.practice.external_id) for n in range(3)]
    events[1]["raw_text"] = odd
    events[1][odd] = "a name of a field, too"
    assert room.send(RELATIENT, {"events": events}).status_code == 200
    rows = room.rows()
    assert [row.external_id for row in rows] == ["e-0", "e-1", "e-2"]
    text = odd.replace("\ud83d", "\ufffd").replace("\ude00", "\ufffd").replace("\0", "\ufffd")
    assert rows[1].payload["raw_text"] == text
    assert rows[0].payload["raw_text"] == "1"


def test_unknown_topics_are_counted_and_parked(room: Room) -> None:
    event = told("e-1", "900001", room.practice.external_id)
    room.send(ATHENA, bundle(status("event-notification", event, topic="Weather.change")))
    process.process_stored([room.practice])
    (row,) = room.rows()
    assert (row.status, row.problem) == (
        "parked",
        "athenahealth told of a kind of event that Kept does not know.",
    )
    seen = UnknownValue.objects.get()
    assert (seen.what, seen.value) == ("event type", "Weather.change")


ELSEWHERE = "urn:athenahealth:athenanet"


@pytest.mark.parametrize(
    ("topic", "focus"),
    [
        ("Order.create", {"identifier": {"system": f"{ELSEWHERE}:order:1", "value": "77"}}),
        ("Claim.update", {"identifier": {"system": f"{ELSEWHERE}:api:claims:1", "value": "77"}}),
        ("LabResult.sign-off", {"reference": "DiagnosticReport/a-1.Result-77"}),
        ("LabResult.update", {"reference": "https://x.example/r4/Observation/a-1.R-7/_history/2"}),
    ],
)
def test_what_has_no_bearing_on_visits_is_ignored(room: Room, topic: str, focus: Any) -> None:
    event = told("e-1", "900001", room.practice.external_id) | {"focus": focus}
    room.send(ATHENA, bundle(status("event-notification", event, topic=topic)))
    process.process_stored([room.practice])
    (row,) = room.rows()
    assert (row.status, row.counts) == ("processed", {"ignored": 1})


@pytest.mark.parametrize(
    ("topic", "focus"),
    [
        ("Order.create", {"reference": "Patient/a-1.E-77"}),
        ("Order.create", {"reference": "Order/1", "identifier": {"system": "urn:x", "value": "7"}}),
        (
            "Order.create",
            {
                "reference": "Order/1",
                "identifier": {"system": f"{ELSEWHERE}:appointment:1", "value": "7"},
            },
        ),
        ("Order.create", {"reference": "one of the visits"}),
        ("Order.create", {}),
        ("Order.create", None),
        ("something happened", {"reference": "Order/1"}),
    ],
)
def test_what_may_be_about_a_visit_goes_to_a_person(room: Room, topic: str, focus: Any) -> None:
    event = told("e-1", "900001", room.practice.external_id) | {"focus": focus}
    room.send(ATHENA, bundle(status("event-notification", event, topic=topic)))
    process.process_stored([room.practice])
    (row,) = room.rows()
    assert row.status == "parked"


def test_stored_at_once_by_another_process(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both see that it is not there yet; the database keeps one."""
    room.send(ATHENA, room.valid(ATHENA))
    monkeypatch.setattr(store, "_unknown", lambda connection, rows: list(rows.values()))
    assert room.send(ATHENA, room.valid(ATHENA)).status_code == 200
    assert InboundMessage.objects.count() == 1
