"""Event subscriptions at athenahealth: made once per topic, renewed in time, missed when lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
import time_machine

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.models import Effect
from campaigns.ports import GatewayError
from integrations.athenahealth.events.topics import TOPICS
from integrations.models import AccessToken, Connection, EventSubscription, Feed, FeedCursor, Wish
from integrations.operations import run
from integrations.subscriptions import requests
from tests.integration.command_room import answered, refused
from tests.scenarios.clinic import JSON, PRACTICE, Clinic

PUBLIC = "http://127.0.0.1:9"
ENDPOINT = f"{PUBLIC}/webhooks/athenahealth/{PRACTICE}/"
AFTERNOON = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0)


@pytest.fixture
def traveller(settings: Any) -> Iterator[time_machine.Coordinates]:
    """A clock that moves only when it is told to."""
    settings.KEPT_CLOCK = "process"
    with time_machine.travel(AFTERNOON, tick=True) as traveller:
        yield traveller


@pytest.fixture
def listening(clinic: Clinic, settings: Any) -> Clinic:
    """A clinic that athenahealth could tell of events."""
    settings.PUBLIC_URL = PUBLIC
    athena = Connection.objects.get(vendor="athenahealth")
    athena.webhook_secret = "a-shared-secret"
    athena.save()
    return clinic


def held(clinic: Clinic) -> list[JSON]:
    """What athenahealth holds, in its own words."""
    rows = clinic.control("athena/subscriptions", method="GET")
    assert isinstance(rows, list)
    return rows


def topics_of(rows: list[JSON]) -> list[str]:
    return sorted(row["topic"] for row in rows)


def ends_of(rows: list[JSON]) -> set[datetime]:
    return {datetime.fromisoformat(row["end"]) for row in rows}


def tick(clinic: Clinic) -> None:
    with acting_as(process="test"):
        run.tick(clinic.practice, 30)


def subscribe(clinic: Clinic) -> None:
    athena = Connection.objects.select_related("practice").get(vendor="athenahealth")
    with acting_as(process="test"):
        requests.request_subscriptions(athena)
        requests.apply_requests(clinic.practice)


def wish(what: Wish, **which: str) -> int:
    with acting_as(user="ada"):
        return requests.request_change(EventSubscription.objects.filter(**which), what)


def mails(word: str) -> list[str]:
    found = Effect.objects.filter(kind="alert", body__isnull=False).order_by("pk")
    return [one.body["subject"] for one in found if word in one.body["subject"]]


def test_one_is_made_for_each_topic_and_only_once(listening: Clinic) -> None:
    report, status = answered("subscriptions", "create")
    assert (status, report["wished"], len(report["subscriptions"])) == (0, 8, 8)
    rows = held(listening)
    assert topics_of(rows) == sorted(TOPICS)
    assert {row["channel"]["endpoint"] for row in rows} == {ENDPOINT}
    assert all(row["signed"] for row in rows)
    [ends] = {(end - datetime.now(UTC)).days for end in ends_of(rows)}
    assert ends == 29
    assert {one["status"] for one in report["subscriptions"]} == {"active"}
    assert {one["id"] for one in report["subscriptions"]} == {row["id"] for row in rows}

    report, status = answered("subscriptions", "create")
    assert (status, report["wished"]) == (0, 0)
    assert {row["id"] for row in held(listening)} == {row["id"] for row in rows}
    made = AuditEvent.objects.filter(action="subscription.created")
    assert made.count() == 8


def test_the_secret_reaches_the_vendor_and_no_log(listening: Clinic, caplog: Any) -> None:
    answered("subscriptions", "create", "--topic", "Appointment.cancel")
    [row] = held(listening)
    assert row["signed"]
    assert "a-shared-secret" not in caplog.text + str(list(AuditEvent.objects.values()))


def test_without_the_event_scopes_only_the_events_are_missing(listening: Clinic) -> None:
    listening.control("settings", {"event_scopes": False})
    report, status = answered("subscriptions", "create")
    assert status == 1
    assert "event scopes" in report["problems"][0]
    assert {one["status"] for one in report["subscriptions"]} == {Wish.WANTED}
    assert held(listening) == []
    # Everything else goes on, with a token of its own.
    assert not Connection.objects.filter(paused_at__isnull=False).exists()
    appointment = listening.book(listening.patient())
    listening.sync()
    assert len(listening.active(appointment)) == 1
    # Granted at last: the wish is carried out without anybody asking again.
    listening.control("settings", {"event_scopes": True})
    AccessToken.objects.filter(host__endswith="/fhir/r4").delete()
    FeedCursor.objects.filter(feed=Feed.SUBSCRIPTIONS).update(next_poll_at=None)
    tick(listening)
    assert topics_of(held(listening)) == sorted(TOPICS)


def test_what_must_be_set_first_is_said(clinic: Clinic, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    assert "Set PUBLIC_URL" in refused("subscriptions", "create")
    settings.PUBLIC_URL = PUBLIC
    assert "webhook secret" in refused("subscriptions", "create")
    assert "no topic 'Appointment.created'" in refused(
        "subscriptions", "create", "--topic", "Appointment.created"
    )
    assert not EventSubscription.objects.exists()


@pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "garbage"])
def test_one_that_was_made_unseen_is_found_and_not_made_again(listening: Clinic, kind: str) -> None:
    listening.fault(kind=kind, method="POST", path="/fhir/r4/Subscription")
    report, status = answered("subscriptions", "create", "--topic", "Appointment.update")
    [row] = held(listening)
    assert (status, report["subscriptions"][0]["id"]) == (0, row["id"])


def test_one_that_was_not_made_is_made_by_the_next_round(listening: Clinic) -> None:
    listening.fault(kind="status", status=503, method="POST", path="/fhir/r4/Subscription")
    report, status = answered("subscriptions", "create", "--topic", "Appointment.update")
    assert status == 1 and "may or may not" in report["problems"][0]
    assert held(listening) == []
    FeedCursor.objects.filter(feed=Feed.SUBSCRIPTIONS).update(next_poll_at=None)
    tick(listening)
    assert topics_of(held(listening)) == ["Appointment.update"]


def test_one_that_is_made_after_kept_has_looked_is_not_made_again(listening: Clinic) -> None:
    listening.fault(kind="timeout_late", method="POST", path="/fhir/r4/Subscription")
    answered("subscriptions", "create", "--topic", "Appointment.update")
    while not held(listening):
        # The vendor performs it half a second after it has hung up.
        Event().wait(0.05)
    [made] = held(listening)
    with acting_as(process="test"):
        requests.apply_requests(listening.practice)
    assert [row["id"] for row in held(listening)] == [made["id"]]
    assert EventSubscription.objects.get().external_id == made["id"]


def test_what_the_vendor_holds_already_is_adopted(listening: Clinic) -> None:
    subscribe(listening)
    before = {row["id"] for row in held(listening)}
    # A backup from before was restored.
    EventSubscription.objects.all().delete()
    report, status = answered("subscriptions", "list")
    assert (status, len(report["subscriptions"])) == (0, 8)
    assert {row["id"] for row in held(listening)} == before
    assert set(EventSubscription.objects.values_list("external_id", flat=True)) == before


def test_they_are_renewed_a_week_before_they_end(
    traveller: time_machine.Coordinates, listening: Clinic
) -> None:
    subscribe(listening)
    first = held(listening)
    traveller.shift(timedelta(days=22))
    tick(listening)
    assert {row["id"] for row in held(listening)} == {row["id"] for row in first}
    traveller.shift(timedelta(days=1, hours=2))
    tick(listening)
    second = held(listening)
    assert topics_of(second) == sorted(TOPICS)
    assert not {row["id"] for row in second} & {row["id"] for row in first}
    assert min(ends_of(second)) > max(ends_of(first)) + timedelta(days=20)
    assert AuditEvent.objects.filter(action="subscription.renewed").count() == 8


def test_a_renewal_that_fails_until_close_to_the_end_is_told_once(
    traveller: time_machine.Coordinates, listening: Clinic
) -> None:
    subscribe(listening)
    listening.fault(kind="status", status=503, path="/fhir/r4/Subscription", times=1000)
    traveller.shift(timedelta(days=28, hours=1))
    tick(listening)
    tick(listening)
    assert len(mails("could not be renewed")) == 8
    assert EventSubscription.objects.count() == 8
    listening.control("faults", method="DELETE")
    traveller.shift(timedelta(hours=2))
    tick(listening)
    assert min(ends_of(held(listening))) > datetime.now(UTC) + timedelta(days=29)


def test_one_is_renewed_by_a_persons_wish(listening: Clinic) -> None:
    subscribe(listening)
    before = {row["topic"]: row["id"] for row in held(listening)}
    assert wish(Wish.RENEW, topic="Patient.merge") == 1
    tick(listening)
    after = {row["topic"]: row["id"] for row in held(listening)}
    assert {topic for topic in TOPICS if before[topic] != after[topic]} == {"Patient.merge"}
    assert len(held(listening)) == 8


def test_one_that_is_gone_or_in_error_is_made_again_and_said(listening: Clinic) -> None:
    subscribe(listening)
    simulation = listening.simulator.simulation
    with simulation.lock:
        desk = simulation.athena.subscriptions
        gone, faulty = list(desk.subscriptions.values())[:2]
        desk.delete(gone)
        faulty.status = "error"
    FeedCursor.objects.filter(feed=Feed.SUBSCRIPTIONS).update(next_poll_at=None)
    tick(listening)
    rows = held(listening)
    assert topics_of(rows) == sorted(TOPICS)
    assert {row["status"] for row in rows} == {"active"}
    assert not {gone.id, faulty.id} & {row["id"] for row in rows}
    [lost] = AuditEvent.objects.filter(action="subscription.lost")
    assert lost.detail["topic"] == gone.topic
    assert "error" in EventSubscription.objects.get(topic=faulty.topic).problem


def test_they_are_deleted_and_stay_deleted(listening: Clinic) -> None:
    subscribe(listening)
    report, status = answered("subscriptions", "delete", "--topic", "Patient.update")
    assert (status, len(report["subscriptions"])) == (0, 7)
    report, status = answered("subscriptions", "delete")
    assert (status, report["subscriptions"]) == (0, [])
    assert held(listening) == []
    tick(listening)
    assert held(listening) == []


def test_one_that_was_to_be_deleted_may_stay_after_all(listening: Clinic) -> None:
    subscribe(listening)
    assert wish(Wish.DELETE, topic="Patient.merge") == 1
    wanted = AuditEvent.objects.filter(action="subscription.wanted")
    before = wanted.count()
    subscribe(listening)
    assert topics_of(held(listening)) == sorted(TOPICS)
    assert wanted.count() == before + 1


def test_an_outage_leaves_wishes_as_they_are(listening: Clinic) -> None:
    subscribe(listening)
    wish(Wish.DELETE)
    listening.fault(kind="status", status=503, method="DELETE", path="/fhir", times=100)
    with acting_as(process="test"), pytest.raises(GatewayError):
        requests.apply_requests(listening.practice)
    assert len(held(listening)) == 8
    assert {row.status for row in EventSubscription.objects.all()} == {Wish.DELETE}
    listening.control("faults", method="DELETE")
    with acting_as(process="test"):
        requests.apply_requests(listening.practice)
    assert (held(listening), EventSubscription.objects.count()) == ([], 0)


def test_another_address_moves_them_there(listening: Clinic, settings: Any) -> None:
    subscribe(listening)
    settings.PUBLIC_URL = "http://127.0.0.1:10"
    with acting_as(process="test"):
        requests.apply_requests(listening.practice)
    rows = held(listening)
    assert topics_of(rows) == sorted(TOPICS)
    assert {row["channel"]["endpoint"] for row in rows} == {
        f"http://127.0.0.1:10/webhooks/athenahealth/{PRACTICE}/"
    }


def test_other_installations_of_the_same_key_are_left_alone(
    listening: Clinic, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:11"
    subscribe(listening)
    EventSubscription.objects.all().delete()
    settings.PUBLIC_URL = PUBLIC
    subscribe(listening)
    assert len(held(listening)) == 16
    answered("subscriptions", "delete")
    assert {row["channel"]["endpoint"] for row in held(listening)} == {
        f"http://127.0.0.1:11/webhooks/athenahealth/{PRACTICE}/"
    }
