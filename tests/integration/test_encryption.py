"""Encrypted columns: unreadable in the database, and loud about a wrong key."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection as database
from django.utils import timezone

from campaigns.encryption import (
    KeyMissing,
    Undecryptable,
    closed_tables,
    decrypt,
    encrypt,
    name_of_keys,
    require_field_keys,
)
from campaigns.models import Practice
from integrations.models import Connection, InboundMessage

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def message(db, settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    practice = Practice.objects.create(external_id="195900", name="Sample Clinic")
    Connection.objects.create(
        practice=practice, vendor="relatient", base_url="https://x.example", secret="s3cret"
    )
    return InboundMessage.objects.create(
        practice=practice,
        vendor="relatient",
        kind="event",
        payload={"name": "Nora", "n": [1, None, True]},
        read_began=timezone.now(),
    )


def _stored(column: str, table: str) -> str:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return cursor.fetchone()[0]


def test_the_database_holds_nothing_readable(message):
    for column, table in (
        ("payload", "integrations_inboundmessage"),
        ("secret", "integrations_connection"),
    ):
        stored = _stored(column, table)
        assert "Nora" not in stored
        assert "s3cret" not in stored
        assert stored.startswith("gAAAA")


def test_what_was_saved_comes_back(message):
    assert InboundMessage.objects.get().payload == {"name": "Nora", "n": [1, None, True]}
    assert Connection.objects.get().secret == "s3cret"


def test_nothing_and_blank_stay_as_they_are(message):
    InboundMessage.objects.update(payload=None)
    Connection.objects.update(secret="")
    assert InboundMessage.objects.get(payload__isnull=True).payload is None
    assert _stored("secret", "integrations_connection") == ""
    assert Connection.objects.get().secret == ""


def test_empty_json_is_not_nothing(message):
    InboundMessage.objects.update(payload={})
    assert InboundMessage.objects.get().payload == {}


def test_an_older_key_still_opens_and_saving_moves_to_the_newest(message, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    stored = InboundMessage.objects.get()
    stored.save(update_fields=["payload"])
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert InboundMessage.objects.get().payload["name"] == "Nora"


def test_a_wrong_key_is_an_error_and_never_the_ciphertext(message, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(Undecryptable) as caught:
        InboundMessage.objects.get()
    assert "FIELD_ENCRYPTION_KEYS" in str(caught.value)
    assert "gAAAA" not in str(caught.value)


def test_plain_text_in_the_column_is_an_error(message):
    with database.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET secret = 'plain'")
    with pytest.raises(Undecryptable):
        Connection.objects.get()


@pytest.mark.parametrize("keys", [[], ["no-key"], [""]])
def test_bad_keys_are_told_without_quoting_them(settings, keys):
    settings.FIELD_ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured) as caught:
        encrypt("text")
    assert "no-key" not in str(caught.value)


def test_encrypted_columns_cannot_be_searched(message):
    with pytest.raises(FieldError):
        Connection.objects.filter(secret="s3cret").exists()
    with pytest.raises(FieldError):
        InboundMessage.objects.filter(payload__contains="Nora").exists()


def test_the_same_text_is_encrypted_differently_every_time():
    assert encrypt("text") != encrypt("text")
    assert decrypt(encrypt("text é")) == "text é"


def _messages(practice: Practice, count: int) -> None:
    for number in range(count):
        InboundMessage.objects.create(
            practice=practice,
            vendor="relatient",
            kind="event",
            external_id=f"evt_{number}",
            payload={"n": number},
            read_began=timezone.now(),
        )


def test_an_empty_database_asks_for_no_key(db, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert closed_tables() == []


def test_a_process_that_opens_none_of_the_newest_rows_takes_no_work(message, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(KeyMissing) as refusal:
        require_field_keys()
    assert "connections and inbound messages" in str(refusal.value)
    assert "back at the end of FIELD_ENCRYPTION_KEYS" in str(refusal.value)
    for keys in ([OLD], [NEW, OLD]):
        settings.FIELD_ENCRYPTION_KEYS = keys
        require_field_keys()


def test_rows_that_were_written_since_with_a_newer_key_stop_an_old_process(message, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    _messages(message.practice, 9)
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    assert closed_tables() == []
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    InboundMessage.objects.filter(pk=message.pk).update(payload={"n": 10})
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    assert closed_tables() == ["inbound messages"]


@pytest.mark.parametrize("others", [0, 3])
def test_a_single_damaged_row_stops_nobody(message, others):
    _messages(message.practice, others)
    newest = InboundMessage.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_inboundmessage SET payload = 'gAAAA' WHERE id = %s", [newest]
        )
    assert closed_tables() == []


def test_rows_that_hold_nothing_say_nothing(message, settings):
    InboundMessage.objects.update(payload=None)
    Connection.objects.update(secret="")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert closed_tables() == []


def test_a_set_of_keys_has_one_name_whatever_their_order(settings):
    names = []
    for keys in ([OLD, NEW], [NEW, OLD], [OLD]):
        settings.FIELD_ENCRYPTION_KEYS = keys
        names.append(name_of_keys())
    assert names[0] == names[1] != names[2]
    assert not any(part in OLD + NEW for part in names)
