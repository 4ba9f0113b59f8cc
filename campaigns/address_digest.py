"""Numbers and addresses as keyed digests, by which rows are found without being decrypted.

A digest is an HMAC of the number or address under a key made from one of FIELD_ENCRYPTION_KEYS,
with the name of that key in front. New rows get the newest key's; a search asks for all that the
present keys make, and rows of an older key are made anew (renewal.py in campaigns/intake).
Nothing can be read off a digest without the key; with it, numbers could be tried one by one, so
it is kept as safe as the rest.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import sha256

from django.conf import settings

# Of a digest: eight characters that name the key, a colon, and the HMAC.
LENGTH = 8 + 1 + 64
_PURPOSE = b"kept: numbers and addresses"


def digest_of(reach: str | None) -> str:
    """The digest of a number (E.164) or an address under the newest key; empty for none."""
    return _digest(settings.FIELD_ENCRYPTION_KEYS[0], reach) if reach else ""


def digests_of(reach: str) -> list[str]:
    """What rows may hold for a number or an address: one digest for each present key."""
    return [_digest(key, reach) for key in settings.FIELD_ENCRYPTION_KEYS]


def newest_mark() -> str:
    """What the digests of the newest key begin with."""
    return mark_of(settings.FIELD_ENCRYPTION_KEYS[0])


def mark_of(key: str) -> str:
    """Eight characters and a colon that name a key, from which it cannot be told."""
    return _mark(_secret(key))


def _digest(key: str, reach: str) -> str:
    secret = _secret(key)
    text = reach.strip().casefold().encode()
    return f"{_mark(secret)}{hmac.new(secret, text, sha256).hexdigest()}"


@lru_cache(maxsize=8)
def _secret(key: str) -> bytes:
    """A key of its own, so that what encrypts a column never also signs."""
    return hmac.new(key.encode(), _PURPOSE, sha256).digest()


def _mark(secret: bytes) -> str:
    return sha256(secret).hexdigest()[:8] + ":"
