"""An audit event is written once, by somebody, together with what it describes."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from audit import triggers
from audit.checks import audit_trail_is_protected
from audit.context import AuditActorMissing, acting_as, during_request
from audit.models import AuditEvent, AuditIsAppendOnly
from audit.recorder import AuditOutsideTransaction, record
from audit.redaction import ForbiddenDetail

TABLE = AuditEvent._meta.db_table


@pytest.fixture
def event(db: None, as_process: None) -> AuditEvent:
    return record("effect.attempt", practice="195900", appointment="9001", detail={"try": 1})


def test_an_event_says_who_did_what_to_which_thing(db: None) -> None:
    with (
        during_request(visitor=None, request_id="req-12345", source_ip="10.1.2.3"),
        acting_as(user="dana"),
    ):
        record(
            "instruction.given",
            practice="195900",
            subject=("instruction", 7),
            appointment="9001",
            patient="311",
            detail={"kind": "pause"},
        )
    event = AuditEvent.objects.get()
    assert (event.actor_kind, event.actor, event.action) == ("user", "dana", "instruction.given")
    assert (event.subject_kind, event.subject_id) == ("instruction", "7")
    assert (event.appointment_id, event.patient_id, event.practice) == ("9001", "311", "195900")
    assert (event.request_id, event.source_ip) == ("req-12345", "10.1.2.3")
    assert event.detail == {"kind": "pause"}


def test_nothing_is_recorded_in_nobodys_name(db: None) -> None:
    with pytest.raises(AuditActorMissing):
        record("effect.attempt", practice="195900")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction(as_process: None) -> None:
    with pytest.raises(AuditOutsideTransaction):
        record("effect.attempt", practice="195900")


@pytest.mark.django_db(transaction=True)
def test_when_the_event_cannot_be_written_the_change_is_not_saved_either(as_process: None) -> None:
    with pytest.raises(ForbiddenDetail), transaction.atomic():
        Group.objects.create(name="Night desk")
        record("group.created", practice="", detail={"first_name": "Ann"})
    assert not Group.objects.filter(name="Night desk").exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_change_is_undone_so_is_the_event(as_process: None) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("effect.attempt", practice="195900")
        raise ZeroDivisionError
    assert not AuditEvent.objects.exists()


def test_the_models_refuse_to_change_an_event(event: AuditEvent) -> None:
    event.action = "nothing.happened"
    with pytest.raises(AuditIsAppendOnly):
        event.save()
    with pytest.raises(AuditIsAppendOnly):
        AuditEvent.objects.update(action="nothing.happened")
    with pytest.raises(AuditIsAppendOnly):
        AuditEvent.objects.bulk_update([event], ["action"])


def test_the_models_refuse_to_remove_an_event(event: AuditEvent) -> None:
    with pytest.raises(AuditIsAppendOnly):
        event.delete()
    with pytest.raises(AuditIsAppendOnly):
        AuditEvent.objects.all().delete()


def tampering() -> list[str]:
    replace = f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE}"
    return [
        f"UPDATE {TABLE} SET action = 'nothing.happened'",
        f"DELETE FROM {TABLE}",
        f"TRUNCATE {TABLE}" if connection.vendor == "postgresql" else replace,
    ]


@pytest.mark.parametrize("way", range(3))
def test_the_database_refuses_what_goes_around_the_models(event: AuditEvent, way: int) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(tampering()[way])
    assert AuditEvent.objects.get().action == "effect.attempt"


def test_an_event_without_an_actor_is_refused_by_the_database_as_well(db: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.create(actor_kind="user", actor="", action="x", practice="1")


def test_the_triggers_exist_after_migrate(db: None) -> None:
    assert triggers.missing(connection) == set()
    assert audit_trail_is_protected(databases=["default"]) == []


def test_a_missing_trigger_is_noticed_and_put_back(db: None) -> None:
    triggers.lift(connection)
    (warning,) = audit_trail_is_protected(databases=["default"])
    assert warning.id == "audit.W001"
    triggers.protect_after_migrate(using="default")
    triggers.protect_after_migrate(using="default")
    assert triggers.missing(connection) == set()


@pytest.mark.django_db(transaction=True)
def test_migrate_puts_back_what_a_rebuilt_table_has_lost() -> None:
    from django.core.management import call_command

    triggers.lift(connection)
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", [1, 2])
def test_the_tests_may_empty_the_table_between_two_of_them(
    as_process: None, round_number: int
) -> None:
    assert not AuditEvent.objects.exists()
    with transaction.atomic():
        record("effect.attempt", practice="195900", detail={"round": round_number})
    assert triggers.missing(connection) == set()
