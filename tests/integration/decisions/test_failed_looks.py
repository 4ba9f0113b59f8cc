"""Looks that fail by a fault of ours: who may try again at once, and what stops nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.utils import timezone

from campaigns.decisions.failed_looks import (
    REMEMBERED,
    failed_by_practice,
    failed_looks,
    put_off,
    retry_with_our_keys,
)
from campaigns.encryption import Undecryptable
from campaigns.models import Appointment, Effect, Practice
from campaigns.sweep import sweep
from integrations.inbox.process import process_stored
from integrations.models import Connection, InboundMessage
from tests.factories import EffectFactory
from tests.integration.command_room import a_practice, an_appointment

pytestmark = pytest.mark.django_db

KEYS = [Fernet.generate_key().decode() for _ in range(REMEMBERED + 3)]


@pytest.fixture
def practice() -> Practice:
    return a_practice("195900")


def due_now() -> list[str]:
    due = Appointment.objects.filter(look_due_at__lte=timezone.now())
    return list(due.order_by("pk").values_list("external_id", flat=True))


def test_each_set_of_keys_tries_at_once_but_only_once(practice: Practice, settings: Any) -> None:
    row = an_appointment(practice)
    for key in KEYS:
        settings.FIELD_ENCRYPTION_KEYS = [key]
        put_off(row.pk, Undecryptable())
        retry_with_our_keys(practice)
        assert due_now() == []
        settings.FIELD_ENCRYPTION_KEYS = ["another", key]
        retry_with_our_keys(practice)
        assert due_now() == [row.external_id]
    # Those who failed lately do not take turns.
    put_off(row.pk, Undecryptable())
    for key in KEYS[-REMEMBERED + 1 :]:
        settings.FIELD_ENCRYPTION_KEYS = [key]
        retry_with_our_keys(practice)
        assert due_now() == []


def test_another_fault_waits_whoever_comes(practice: Practice, settings: Any) -> None:
    row = an_appointment(practice)
    before = timezone.now()
    settings.FIELD_ENCRYPTION_KEYS = [KEYS[0]]
    put_off(row.pk, Undecryptable())
    put_off(row.pk, ZeroDivisionError())
    settings.FIELD_ENCRYPTION_KEYS = [KEYS[1]]
    retry_with_our_keys(practice)
    assert due_now() == []
    row.refresh_from_db()
    assert row.look_due_at is not None
    assert row.look_due_at >= before + timedelta(minutes=10)
    failed = failed_looks([practice])
    assert (failed.count, failed.unopened) == (1, 0)
    assert "Tell your Kept operator" in failed.sentence


def test_looks_that_failed_are_counted_by_practice(practice: Practice) -> None:
    other = a_practice("195901")
    for number in range(3):
        put_off(an_appointment(practice, str(number)).pk, Undecryptable())
    an_appointment(practice, "9")
    assert failed_by_practice([practice, other]) == {practice.pk: 3, other.pk: 0}
    assert failed_looks([other]).sentence == ""
    assert "FIELD_ENCRYPTION_KEYS" in failed_looks([practice, other]).sentence


def test_an_effect_that_cannot_be_opened_does_not_stop_the_sweep(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.gateways.paused", lambda practice: frozenset())
    rows = [an_appointment(practice, str(number)) for number in range(2)]
    now = timezone.now()
    effects = [EffectFactory(appointment=row, next_attempt_at=now) for row in rows]
    # One waits to be tried, and one is left by a process that died.
    Effect.objects.filter(pk=effects[0].pk).update(
        status="claimed", lease_token="of the dead", lease_until=now, next_attempt_at=None
    )
    with database.cursor() as cursor:
        cursor.execute("UPDATE campaigns_effect SET body = 'gAAAA'")
    swept = sweep([practice])
    assert swept.failed == 1
    assert swept.executed == 0


def test_a_message_that_cannot_be_opened_rests_and_stops_no_other(practice: Practice) -> None:
    connection = Connection.objects.create(
        practice=practice, vendor="relatient", base_url="https://x.example", secret="s3cret"
    )
    for number in range(2):
        InboundMessage.objects.create(
            practice=practice,
            connection=connection,
            vendor="relatient",
            kind="event",
            external_id=f"evt_{number}",
            payload={"id": f"evt_{number}", "type": "of no bearing"},
            read_began=timezone.now(),
        )
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_inboundmessage SET payload = 'gAAAA' WHERE external_id = 'evt_0'"
        )
    process_stored([practice])
    rows = InboundMessage.objects.order_by("external_id")
    (status, problem, token), (other, *_) = rows.values_list("status", "problem", "lease_token")
    assert (status, token) == ("stored", "")
    assert "FIELD_ENCRYPTION_KEYS" in problem
    assert other != "stored"
