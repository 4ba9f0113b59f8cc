"""/metrics and the body of /readyz: the right numbers, nobody's data, few queries."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from audit import triggers
from campaigns.domain.coverage import Code
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.models import Appointment, Practice
from integrations.models import (
    Connection,
    EventSubscription,
    FeedCursor,
    Heartbeat,
    HttpExchange,
    InboundMessage,
    RequestBudget,
)
from tests.factories import EffectFactory, PracticeFactory, WorkItemFactory
from tests.integration.every_room import fill
from tests.integration.rule_room import visit
from tests.integration.test_queries import grow

HOST, SITE = "api.example.com", "https://api.example.com"
Sample = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture
def practice(db: None) -> Practice:
    return PracticeFactory(external_id="195900", name="Lakeside Family Medicine")


@pytest.fixture
def chart(practice: Practice) -> Connection:
    return Connection.objects.create(
        practice=practice, vendor="athenahealth", base_url=SITE, client_id="key-1"
    )


def scraped(client: Client) -> dict[Sample, float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return f"kept_{name}", frozenset(labels.items())


def ago(**past: float) -> datetime:
    return timezone.now() - timedelta(**past)


def test_looks_and_effects_are_told_with_their_age(client: Client, practice: Practice) -> None:
    row = visit(practice, "cmp_preventive_en", code=Code.EFFECT_IN_FLIGHT)
    Appointment.objects.filter(pk=row.pk).update(look_due_at=ago(minutes=5))
    later = visit(practice, "cmp_preventive_en", code=Code.ENROLLED)
    Appointment.objects.filter(pk=later.pk).update(look_due_at=ago(minutes=-5))
    EffectFactory(appointment=row, next_attempt_at=ago(minutes=10))
    EffectFactory(appointment=later, next_attempt_at=ago(minutes=-10))
    found, lake = scraped(client), {"practice": "195900"}
    assert found[sample("looks_due", **lake)] == 1
    assert found[sample("oldest_due_look_age_seconds", **lake)] == pytest.approx(300, abs=30)
    assert found[sample("effects_due", **lake)] == 1
    assert found[sample("oldest_due_effect_age_seconds", **lake)] == pytest.approx(600, abs=30)
    assert found[sample("effects", **lake, kind="enroll", status="queued")] == 2
    assert found[sample("coverage", **lake, state="enrolled", code="enrolled")] == 1


def test_nothing_due_is_an_age_of_nothing(client: Client, practice: Practice) -> None:
    found = scraped(client)
    for name in ("looks_due", "oldest_due_effect_age_seconds", "inbox_lag_seconds"):
        assert found[sample(name, practice="195900")] == 0


def test_what_was_refused_counts_until_somebody_has_seen_to_it(
    client: Client, practice: Practice
) -> None:
    row = visit(practice, "cmp_preventive_en", code=Code.VENDOR_REJECTED)
    over = visit(practice, "cmp_preventive_en", code=Code.CANCELLED)
    for one in (row, over):
        EffectFactory(appointment=one, status=EffectStatus.REJECTED)
    EffectFactory(appointment=row, kind=EffectKind.WRITE_CONFIRMATION, status=EffectStatus.PARKED)
    WorkItemFactory(appointment=row)
    found, lake = scraped(client), {"practice": "195900"}
    assert found[sample("effects", **lake, kind="enroll", status="rejected")] == 1
    assert found[sample("effects", **lake, kind="write_confirmation", status="parked")] == 1
    assert found[sample("work_items_open", **lake, kind="message_failed")] == 1


def test_a_connection_tells_whether_it_can_be_used_and_what_is_left(
    client: Client, practice: Practice, chart: Connection
) -> None:
    Connection.objects.filter(pk=chart.pk).update(
        opened_at=timezone.now(), probe_at=timezone.now(), failures=5
    )
    Connection.objects.create(
        practice=practice,
        vendor="relatient",
        base_url=SITE,
        paused_at=timezone.now(),
        paused_by="nora",
    )
    RequestBudget.objects.create(
        host=HOST, client_id="key-1", quota_limit=50_000, quota_remaining=1_200
    )
    RequestBudget.objects.create(host=f"{HOST}/token", client_id="key-1", quota_remaining=3)
    read_at = ago(minutes=7)
    FeedCursor.objects.create(
        practice=practice, connection=chart, feed="appointments", last_success_at=read_at
    )
    FeedCursor.objects.create(practice=practice, connection=chart, feed="patients")
    found = scraped(client)
    athena = {"practice": "195900", "vendor": "athenahealth"}
    relatient = {"practice": "195900", "vendor": "relatient"}
    assert found[sample("connection_circuit_open", **athena)] == 1
    assert found[sample("connection_failures", **athena)] == 5
    assert found[sample("connection_paused", **athena)] == 0
    assert found[sample("connection_paused", **relatient)] == 1
    assert found[sample("quota_remaining", **athena)] == 1_200
    success = "feed_last_success_timestamp_seconds"
    assert found[sample(success, **athena, feed="appointments")] == read_at.timestamp()
    assert found[sample(success, **athena, feed="patients")] == 0


def test_the_calls_of_the_last_five_minutes_are_summed_up(
    client: Client, practice: Practice
) -> None:
    def call(status: int | None, outcome: str, milliseconds: int, **past: float) -> None:
        HttpExchange.objects.create(
            practice=practice,
            vendor="athenahealth",
            method="GET",
            path_template="/v1/{practiceid}/patients/{patientid}",
            status=status,
            outcome=outcome,
            duration_ms=milliseconds,
            at=ago(**past),
        )

    for number in range(1, 101):
        call(200, "answered", number * 10, minutes=1)
    call(429, "answered", 5, minutes=1)
    call(503, "answered", 3_000, minutes=1)
    call(None, "no_answer", 20_000, minutes=1)
    call(None, "not_sent", 0, minutes=1)
    call(500, "answered", 60_000, minutes=6)
    found, athena = scraped(client), {"vendor": "athenahealth"}
    answers = {"2xx": 100, "429": 1, "5xx": 1, "no_answer": 1, "not_sent": 1}
    for answer, number in answers.items():
        assert found[sample("vendor_requests_lately", **athena, answer=answer)] == number
    seconds = "vendor_request_lately_seconds"
    # Of 103 calls that were sent, by the nearest rank.
    assert found[sample(seconds, **athena, share="0.5")] == 0.51
    assert found[sample(seconds, **athena, share="0.95")] == 0.97
    assert found[sample(seconds, **athena, share="1")] == 20


def test_the_inbox_tells_its_lag(client: Client, practice: Practice) -> None:
    for status, kind, minutes in (
        ("stored", "event", 3),
        ("stored", "event", 1),
        ("processed", "event", 60),
        ("parked", "row", 60),
        ("parked", "row", 60 * 25),
    ):
        InboundMessage.objects.create(
            practice=practice,
            vendor="relatient",
            kind=kind,
            status=status,
            read_began=ago(minutes=minutes),
            received_at=ago(minutes=minutes),
        )
    found, lake = scraped(client), {"practice": "195900"}
    relatient = lake | {"vendor": "relatient"}
    assert found[sample("inbound_stored", **relatient, kind="event")] == 2
    assert found[sample("inbound_parked_lately", **relatient, kind="row")] == 1
    assert found[sample("inbox_lag_seconds", **lake)] == pytest.approx(180, abs=30)


def test_heartbeats_and_subscriptions_are_told(
    client: Client, practice: Practice, chart: Connection
) -> None:
    for pid, minutes in ((1, 90), (2, 2)):
        Heartbeat.objects.create(
            role="sweeper",
            host="a",
            pid=pid,
            started_at=ago(hours=2),
            beat_at=ago(minutes=minutes),
        )
    ends = ago(days=-30)
    EventSubscription.objects.create(
        practice=practice,
        connection=chart,
        topic="Appointment.schedule",
        external_id="sub-1",
        endpoint=SITE,
        status="active",
        created_at=timezone.now(),
        ends_at=ends,
        checked_at=timezone.now(),
        silent_since=timezone.now(),
    )
    found = scraped(client)
    topic = {"practice": "195900", "topic": "Appointment.schedule"}
    age = found[sample("heartbeat_age_seconds", role="sweeper")]
    assert age == pytest.approx(120, abs=30)
    assert found[sample("subscription_ends_timestamp_seconds", **topic)] == ends.timestamp()
    assert found[sample("subscription_silent", **topic)] == 1


def test_an_unprotected_trail_is_told(client: Client, db: None) -> None:
    assert scraped(client)[sample("audit_trail_protected")] == 1
    triggers.lift(connection)
    assert scraped(client)[sample("audit_trail_protected")] == 0


def test_a_practice_that_is_not_active_is_silent(client: Client, practice: Practice) -> None:
    visit(practice, "cmp_preventive_en", code=Code.ENROLLED)
    Practice.objects.update(active=False)
    assert not [name for name, labels in scraped(client) if ("practice", "195900") in labels]


def test_nobody_is_in_the_numbers(client: Client, practice: Practice) -> None:
    row = fill(practice)
    page = client.get("/metrics").content.decode()
    labels = set(re.findall(r'"([^"]*)"', page))
    assert "195900" in labels
    assert not {row.external_id, row.patient.external_id} & labels
    for word in ("Rosa", "Lakeside", "parking", "/v1", "appointments/"):
        assert word not in page


def test_ten_thousand_visits_take_as_many_queries_as_ten(
    client: Client, practice: Practice
) -> None:
    row = fill(practice)
    grow(row, 10)
    few = {address: queries(client, address) for address in ("/metrics", "/readyz")}
    grow(row, 2_000)
    assert few == {address: queries(client, address) for address in few}
    assert few["/metrics"] <= 25
    assert few["/readyz"] <= 20


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_a_token_is_asked_for_when_there_is_one(
    client: Client, db: None, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "let-me-in"
    refused = client.get("/metrics")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    for given in ("Bearer let-me-out", "let-me-in", "Bearer lët-me-in", "Bearer "):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401
    allowed = client.get("/metrics", headers={"Authorization": "Bearer let-me-in"})
    assert allowed.status_code == 200


def test_without_a_database_there_are_no_numbers(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise OperationalError("no route to host")

    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", unreachable)
        answer = client.get("/metrics")
    assert (answer.status_code, answer.content) == (503, b"The database is out of reach.")


def test_ready_tells_of_connections_and_of_what_waits(
    client: Client, practice: Practice, chart: Connection
) -> None:
    row = visit(practice, "cmp_preventive_en", code=Code.OUTCOME_UNKNOWN)
    Appointment.objects.filter(pk=row.pk).update(look_due_at=ago(minutes=5))
    EffectFactory(appointment=row, status=EffectStatus.PARKED)
    body: dict[str, Any] = client.get("/readyz").json()
    assert body["connections"] == [
        {
            "practice": "195900",
            "vendor": "athenahealth",
            "paused": False,
            "circuit_open": False,
            "quota_remaining": None,
            "last_poll_seconds_ago": None,
        }
    ]
    waiting = body["backlog"]
    assert waiting.pop("oldest_look_seconds") == pytest.approx(300, abs=30)
    assert waiting == {
        "looks_due": 1,
        "looks_put_off": 0,
        "why_put_off": "",
        "effects_due": 0,
        "oldest_effect_seconds": 0,
        "effects_parked": 1,
        "messages_stored": 0,
        "oldest_message_seconds": 0,
    }
