"""pause, resume and redrive; and what the other commands say of a vendor that does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.clock import database_now
from campaigns.models import Effect, Practice
from integrations.connections import registry
from integrations.models import Connection
from integrations.simulators.server import SimulatorServer
from tests.integration.command_room import a_practice, an_appointment, answered, refused, said

# Nothing listens there.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def vendors():
    with SimulatorServer(scenario="empty") as server:
        yield server


@pytest.fixture
def practice(db: None, vendors: SimulatorServer) -> Practice:
    practice = a_practice("195900")
    for vendor, path, secret in (
        ("athenahealth", "", "demo-secret"),
        ("relatient", "/relatient", "demo-relatient-key"),
    ):
        Connection.objects.create(
            practice=practice,
            vendor=vendor,
            base_url=vendors.url + path,
            client_id="kept-demo" if vendor == "athenahealth" else "",
            secret=secret,
        )
    return practice


def connection(vendor: str = "relatient") -> Connection:
    return Connection.objects.select_related("practice").get(vendor=vendor)


def opened(vendor: str = "relatient", **fields: Any) -> None:
    now = database_now()
    rows = Connection.objects.filter(vendor=vendor)
    rows.update(failures=5, opened_at=now, probe_at=now, **fields)


@pytest.mark.parametrize("vendor", ["athenahealth", "relatient"])
def test_a_connection_is_paused_and_resumed(practice: Practice, vendor: str) -> None:
    answer, status = answered("pause", vendor)
    assert status == 0
    [told] = answer["connections"]
    assert (told["connection"], told["state"]) == (vendor, "paused")
    assert "command pause" in told["words"]
    assert connection(vendor).is_paused
    answer, status = answered("resume", vendor)
    assert (status, answer["connections"][0]["state"]) == (0, "open")
    assert not connection(vendor).is_paused
    actions = AuditEvent.objects.filter(action__startswith="connection.")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "connection.paused",
        "connection.resumed",
    ]


def test_pausing_twice_says_who_was_first(practice: Practice) -> None:
    with acting_as(process="ada"):
        registry.pause(connection(), reason="Because.")
    assert "is paused by ada" in said("pause", "relatient")


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_an_unknown_connection_is_refused_with_the_known_ones(
    practice: Practice, command: str
) -> None:
    assert "athenahealth, relatient" in refused(command, "fax")
    answer, status = answered(command, "fax")
    assert status == 2 and "fax" in answer["error"]


def test_a_practice_without_the_connection_is_told(practice: Practice) -> None:
    Connection.objects.filter(vendor="relatient").delete()
    assert "no connection to relatient" in refused("pause", "relatient")


@pytest.mark.parametrize(
    ("vendor", "named"),
    [("athenahealth", "ATHENA_CLIENT_ID"), ("relatient", "RELATIENT_API_KEY")],
)
def test_credentials_that_are_still_refused_are_said_at_once(
    practice: Practice, vendor: str, named: str
) -> None:
    Connection.objects.filter(vendor=vendor).update(secret="no longer good")
    answer, status = answered("resume", vendor)
    assert status == 1
    assert named in answer["problems"][0]
    assert answer["connections"][0]["state"] == "paused"
    mail = Effect.objects.get(kind="alert")
    assert "refuses Kept's credentials" in mail.body["subject"]
    mended = connection(vendor)
    mended.secret = "demo-secret" if vendor == "athenahealth" else "demo-relatient-key"
    mended.save()
    answer, status = answered("resume", vendor)
    assert (status, answer["problems"]) == (0, [])
    assert answer["connections"][0]["state"] == "open"


def test_resume_closes_a_circuit_when_the_vendor_answers(practice: Practice) -> None:
    opened()
    answer, status = answered("resume", "relatient")
    assert (status, answer["connections"][0]["state"]) == (0, "open")
    assert connection().failures == 0


def test_a_vendor_that_is_still_away_is_said(practice: Practice) -> None:
    opened(base_url=NOBODY)
    answer, status = answered("resume", "relatient")
    assert status == 1
    assert "was not reached" in answer["problems"][0]


@pytest.mark.parametrize("command", ["work", "collect", "sync"])
def test_a_vendor_that_does_not_answer_is_a_problem_of_every_command(
    practice: Practice, command: str
) -> None:
    opened(base_url=NOBODY)
    answer, status = answered(command)
    assert status == 1
    assert any(
        sentence.startswith("Relatient does not answer at present.")
        for sentence in answer["problems"]
    )


def test_a_command_asks_the_vendor_again_at_once(practice: Practice) -> None:
    opened()
    answer, status = answered("work")
    assert (status, answer.get("problems")) == (0, None)
    assert connection().opened_at is None


def parked(practice: Practice, number: int, kind: str, status: str = "parked") -> Effect:
    visit = an_appointment(practice, f"10{number}")
    return Effect.objects.create(
        practice=practice,
        kind=kind,
        vendor="relatient",
        patient=visit.patient,
        appointment=visit,
        key=f"k{number}",
        status=status,
        created_at=database_now(),
        unknown_since=database_now() if status == "parked" else None,
    )


@pytest.fixture
def stuck(practice: Practice) -> list[Effect]:
    return [
        parked(practice, 1, "enroll"),
        parked(practice, 2, "resend"),
        parked(practice, 3, "enroll", "rejected"),
        parked(practice, 4, "enroll", "accepted"),
    ]


def statuses(stuck: list[Effect]) -> list[str]:
    return [Effect.objects.get(pk=effect.pk).status for effect in stuck]


def test_a_dry_run_counts_and_changes_nothing(stuck: list[Effect]) -> None:
    before, events = statuses(stuck), AuditEvent.objects.count()
    answer, status = answered("redrive", "--dry-run")
    assert (status, answer["requeued"]) == (0, 3)
    assert answer["by_kind"] == {"enroll": 2, "resend": 1}
    assert (statuses(stuck), AuditEvent.objects.count()) == (before, events)


def test_everything_that_is_stuck_is_tried_again(stuck: list[Effect]) -> None:
    answer, status = answered("redrive")
    assert (status, answer["requeued"]) == (0, 3)
    # A refused one is put aside: the look that follows asks anew.
    assert statuses(stuck) == ["unknown", "unknown", "superseded", "accepted"]
    again = AuditEvent.objects.filter(action="effect.redriven")
    assert again.count() == 3
    assert {event.actor for event in again} == {"command redrive"}
    assert answered("redrive")[0]["requeued"] == 0


def test_what_others_changed_meanwhile_is_left_to_a_person(stuck: list[Effect]) -> None:
    Effect.objects.filter(pk=stuck[2].pk).update(code="changed_by_others")
    for arguments in (["--dry-run"], []):
        answer, status = answered("redrive", *arguments)
        assert (status, answer["requeued"], answer["left_out"]) == (0, 2, 1)
    assert statuses(stuck) == ["unknown", "unknown", "rejected", "accepted"]


def test_only_one_kind_is_tried_again(stuck: list[Effect]) -> None:
    assert answered("redrive", "--kind", "resend")[0]["requeued"] == 1
    assert statuses(stuck) == ["parked", "unknown", "rejected", "accepted"]


def test_an_unknown_kind_is_refused_with_the_known_ones(practice: Practice) -> None:
    told = refused("redrive", "--kind", "fax")
    assert "cancel_appointment" in told and "write_confirmation" in told
    assert "alert" not in told
