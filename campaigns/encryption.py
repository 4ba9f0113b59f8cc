"""Columns that are encrypted in the database: credentials, tokens, raw payloads.

The keys are Fernet keys in settings.FIELD_ENCRYPTION_KEYS, newest first: the first encrypts, all
of them decrypt, so saving a row again is what moves it to the newest key. A value that no key
opens raises Undecryptable; neither the ciphertext nor an empty value ever takes its place.
The same text is encrypted differently every time, so nothing but `isnull` can be looked up.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

LOOKUPS = frozenset({"isnull"})


class Undecryptable(Exception):
    """A stored value was encrypted with a key that is not configured, or it was altered."""


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
