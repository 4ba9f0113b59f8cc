"""Which e-mail addresses can be written to: mended where there is one reading, else none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

# Typed where somebody has no address, as the name and as the domain. In these words nobody has
# an address of their own.
_NO_ADDRESS = frozenset(
    {
        "declined",
        "decline",
        "donotemail",
        "doesnothave",
        "noaddress",
        "noemail",
        "noemailaddress",
        "noemailprovided",
        "nomail",
        "none",
        "noneprovided",
        "notapplicable",
        "notavailable",
        "notgiven",
        "notprovided",
        "patientdeclined",
        "ptdeclined",
        "refused",
        "unknown",
    }
)
# Short ones are somebody's initials or a firm's name as well: only both together say no.
_NO_ADDRESS_TWICE = _NO_ADDRESS | {"na", "no", "nil", "null", "x", "xx", "xxx", "abc", "test"}
# Endings that deliver to nobody (RFC 2606 and 6761). example.org and its like are no such ending.
_NOWHERE = frozenset({"invalid", "test", "example", "localhost", "local"})

# What stands before a country's ending, as in example.com.mx; the domain's own word is before it.
_SHARED = frozenset({"ac", "co", "com", "edu", "gob", "gov", "net", "nom", "org"})

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ENDING = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59}", re.IGNORECASE)
# What stands around an address that was copied from somewhere.
_AROUND = " \t\r\n,;:.<>()[]{}\"'`"
_LONGEST_LOCAL, _LONGEST = 64, 254


def address(raw: str) -> str | None:
    """The address as it can be written to, or None.

    Letters that nobody sees are dropped, and what stands around an address is taken off. Two
    addresses, or one that could be meant in two ways, are none.
    """
    seen = "".join(c for c in raw if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\r\n")
    text = seen.strip(_AROUND)
    text = text[len("mailto:") :] if text.lower().startswith("mailto:") else text
    local, at, host = (part.strip() for part in text.partition("@"))
    if not at or not _is_sound(local, host) or _says_none(local, host):
        return None
    return f"{local}@{host}"


def typed_for_none(raw: str, words: Collection[str]) -> bool:
    """Whether an address is one of a practice's own words for having none, as its name or its
    domain; `words` are plain letters (`plain_word`).
    """
    found = address(raw)
    if found is None:
        return False
    local, _, host = found.partition("@")
    return not {plain_word(local), _domain_word(host)}.isdisjoint(words)


def plain_word(word: str) -> str:
    """The letters of a word, as words that are typed for want of an address are compared."""
    return re.sub(r"[^a-z]", "", word.lower())


def _domain_word(host: str) -> str:
    """The word that names a domain, whatever its ending: none for mail.none.com and none.com.mx."""
    *before, country = host.lower().split(".")
    if len(before) > 1 and len(country) == 2 and before[-1] in _SHARED:
        before.pop()
    return plain_word(before[-1])


def _is_sound(local: str, host: str) -> bool:
    labels = host.split(".")
    return (
        len(local) <= _LONGEST_LOCAL
        and len(local) + len(host) < _LONGEST
        and _LOCAL.fullmatch(local) is not None
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and _ENDING.fullmatch(labels[-1]) is not None
    )


def _says_none(local: str, host: str) -> bool:
    """Whether it was typed for want of an address, or ends where nobody is."""
    ending = host.lower().rpartition(".")[-1]
    words = plain_word(local), _domain_word(host)
    twice = all(word in _NO_ADDRESS_TWICE for word in words)
    return ending in _NOWHERE or twice or any(word in _NO_ADDRESS for word in words)
