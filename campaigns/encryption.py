"""Columns that are encrypted in the database: credentials, tokens, raw payloads.

The keys are Fernet keys in settings.FIELD_ENCRYPTION_KEYS, newest first: the first encrypts, all
of them decrypt, so saving a row again is what moves it to the newest key. A value that no key
opens raises Undecryptable; neither the ciphertext nor an empty value ever takes its place.
The same text is encrypted differently every time, so nothing but `isnull` can be looked up.

A process that was started from an old environment would fail each look, and encrypt what it stores
with a key that the others may not have. So a process takes no work while its keys open none of the
newest rows of an encrypted table. A row that was damaged opens for nobody, and stops nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast

from campaigns.address_digest import mark_of

LOOKUPS = frozenset({"isnull"})
# So many rows speak for a table.
NEWEST = 10
# How many characters name a set of keys.
NAME_LENGTH = 12

Table = type[models.Model]


class Undecryptable(Exception):
    """A stored value was encrypted with a key that is not configured, or it was altered."""


class KeyMissing(Undecryptable):
    """The process lacks a key: it takes no work. The text is a sentence for the operator."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS is empty. Set at least one Fernet key (cryptography.fernet."
            "Fernet.generate_key() makes one)."
        )
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # The message of cryptography could quote the key; the cause is left out for that reason.
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS holds something that is no Fernet key "
            "(32 bytes in url-safe base64)."
        ) from None


def encrypt(text: str) -> str:
    """The text, encrypted with the newest key."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text of an encrypted value; raises Undecryptable when no configured key opens it."""
    cipher = _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))
    try:
        return cipher.decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        raise Undecryptable(
            "A stored value cannot be decrypted. FIELD_ENCRYPTION_KEYS lacks the key it was "
            "encrypted with; put that key back at the end of the list."
        ) from None


class EncryptedTextField(models.TextField):
    """Text that is encrypted at rest. None stays NULL and an empty text stays empty."""

    def get_prep_value(self, value: Any) -> str | None:
        """Encrypt on the way to the database."""
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt on the way back."""
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only isnull: an encrypted value is never equal to another."""
        return super().get_lookup(lookup_name) if lookup_name in LOOKUPS else None


class EncryptedJSONField(EncryptedTextField):
    """Plain JSON that is encrypted at rest as one text. None is NULL, not the JSON null."""

    # For the type checker: what goes in and comes out is any JSON value.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        """Serialise and encrypt on the way to the database."""
        if value is None:
            return None
        return encrypt(json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """Decrypt and parse on the way back."""
        return None if value is None else json.loads(decrypt(value))

    def to_python(self, value: Any) -> Any:
        """Already parsed: TextField would turn it into a text."""
        return value


def require_field_keys() -> None:
    """Raise KeyMissing where the keys open none of the newest rows of an encrypted table.

    Two short queries in the ordinary case.
    """
    closed = closed_tables()
    if closed:
        raise KeyMissing(
            f"Kept cannot open what is stored as {' and '.join(closed)}: FIELD_ENCRYPTION_KEYS "
            "lacks the key that it was encrypted with. Put the missing key back at the end of "
            "FIELD_ENCRYPTION_KEYS and start this process again."
        )


def closed_tables() -> list[str]:
    """The tables, in words, none of whose newest rows opens. An empty table is not among them."""
    tables = [model for model in apps.get_models() if _encrypted_columns(model)]
    newest = _newest(tables, 1)
    # The newest row may hold nothing, or be the one that is damaged.
    undecided = [table for table in tables if newest[table] and True not in newest[table]]
    verdicts = newest | _newest(undecided, NEWEST)
    opened_somewhere = any(True in rows for rows in verdicts.values())
    # One row alone may be damaged; whether it is shows where other tables can be read.
    enough = 2 if opened_somewhere else 1
    return sorted(
        str(table._meta.verbose_name_plural)
        for table, rows in verdicts.items()
        if True not in rows and rows.count(False) >= enough
    )


def name_of_keys() -> str:
    """A short name of the set of keys that this process has; nothing of a key can be read off."""
    marks = "".join(sorted(mark_of(key) for key in settings.FIELD_ENCRYPTION_KEYS))
    return sha256(marks.encode()).hexdigest()[:NAME_LENGTH]


def _encrypted_columns(model: Table) -> list[str]:
    columns = model._meta.concrete_fields
    return [column.name for column in columns if isinstance(column, EncryptedTextField)]


def _newest(tables: Sequence[Table], count: int) -> dict[Table, list[bool | None]]:
    """Whether each of the newest rows of each table opens; one query for all tables."""
    found: dict[Table, list[bool | None]] = {table: [] for table in tables}
    width = max((len(_encrypted_columns(table)) for table in tables), default=0)
    queries = [_stored(number, table, count, width) for number, table in enumerate(tables)]
    if queries:
        for number, *tokens in queries[0].union(*queries[1:], all=True):
            found[tables[number]].append(_opens(tokens))
    return found


def _stored(number: int, table: Table, count: int, width: int) -> models.QuerySet[Any, Any]:
    """The number, and the encrypted columns of the table's newest rows as they are stored, filled
    up to `width`.
    """
    rows = table._base_manager.order_by()
    columns: list[Any] = [Cast(column, models.TextField()) for column in _encrypted_columns(table)]
    columns += [models.Value("", output_field=models.TextField())] * (width - len(columns))
    newest = rows.order_by("-pk").values("pk")[:count]
    return rows.filter(pk__in=newest).values_list(models.Value(number), *columns)


def _opens(tokens: Iterable[str | None]) -> bool | None:
    """Whether all that the row holds opens; None where it holds nothing."""
    held = [token for token in tokens if token]
    try:
        for token in held:
            decrypt(token)
    except Undecryptable:
        return False
    return True if held else None
