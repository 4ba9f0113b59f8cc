"""Pausing and resuming a connection, and what is kept secret of it."""

import pytest
from django.db import IntegrityError, transaction

from audit.context import acting_as
from audit.models import AuditEvent
from campaigns.domain.values import System
from campaigns.models import Practice
from campaigns.ports import Refused, TryLater
from integrations.connections import registry
from integrations.models import Connection


@pytest.fixture
def connection(db):
    practice = Practice.objects.create(external_id="195900", name="Sample Clinic")
    return Connection.objects.create(
        practice=practice,
        vendor="relatient",
        base_url="https://relatient.example/prefix",
        secret="a-secret",
    )


def test_a_vendor_without_a_connection_counts_as_paused(connection):
    assert registry.paused("195900") == {System.CHART}
    assert registry.paused("unknown") == {System.CHART, System.ENGAGEMENT}


def test_a_pause_names_who_and_why_and_is_audited_once(connection):
    with acting_as(user="rosa"):
        assert registry.pause(connection, reason="Relatient is being moved.")
        assert not registry.pause(connection, reason="Again.")
    assert (connection.paused_by, connection.paused_reason) == (
        "rosa",
        "Relatient is being moved.",
    )
    assert System.ENGAGEMENT in registry.paused("195900")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.practice) == ("connection.paused", "rosa", "195900")


def test_a_resumed_connection_works_again(connection, as_process):
    registry.pause(connection, reason="Maintenance.")
    with pytest.raises(TryLater):
        registry.find_open("195900", System.ENGAGEMENT)
    assert registry.resume(connection)
    assert not registry.resume(connection)
    assert registry.find_open("195900", System.ENGAGEMENT) == connection


def test_a_missing_connection_is_told_plainly(connection):
    with pytest.raises(Refused) as caught:
        registry.find("195900", System.CHART)
    assert "no connection to athenahealth" in caught.value.sentence


def test_nobody_pauses_anonymously(connection):
    with pytest.raises(Exception, match="Nobody is acting"):
        registry.pause(connection, reason="Because.")
    assert not Connection.objects.get().is_paused


def test_without_its_audit_event_nothing_is_paused(connection, as_process, monkeypatch):
    def broken(*arguments, **fields):
        raise RuntimeError

    monkeypatch.setattr(registry, "audit_row", broken)
    with pytest.raises(RuntimeError):
        registry.pause(connection, reason="Maintenance.")
    assert not Connection.objects.get().is_paused


def test_one_connection_per_vendor(connection):
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.create(
            practice=connection.practice, vendor="relatient", base_url="https://other.example"
        )


def test_the_host_is_the_key_of_budget_and_token(connection):
    assert connection.host == "relatient.example"
