"""What must be true of the settings before Kept handles a real patient.

Read while the settings load, not as a system check: gunicorn runs no system checks.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

# Every built-in key carries this word, so that none of them can slip into production.
INSECURE = "insecure"
ENVIRONMENTS = ("production", "demo", "test")


def refuse(problems: Sequence[str]) -> None:
    """Name all that is wrong at once: an operator should not have to restart five times."""
    if problems:
        raise ImproperlyConfigured("Kept does not start:\n- " + "\n- ".join(problems))


def environment_problems(environment: str) -> list[str]:
    if environment in ENVIRONMENTS:
        return []
    return [f"ENVIRONMENT is {environment!r}; it may be {', '.join(ENVIRONMENTS)}."]


def production_problems(
    *,
    debug: bool,
    second_factor: bool,
    keys: dict[str, Sequence[str]],
    vendor_addresses: dict[str, str],
) -> list[str]:
    """What is wrong with the settings. Never repeats a value: this text ends up in the journal."""
    problems = [f"{name} is on; production never runs so." for name in ("DEBUG",) if debug]
    if not second_factor:
        problems.append("REQUIRE_SECOND_FACTOR may be false outside production only.")
    for name, values in keys.items():
        problems += _key_problems(name, values)
    for name, address in vendor_addresses.items():
        if is_loopback(address):
            problems.append(f"{name} is on this machine; production talks to the real vendor.")
    return problems


def encryption_key_problems(keys: Sequence[str]) -> list[str]:
    return [
        f"FIELD_ENCRYPTION_KEYS: key {position} is no Fernet key (32 bytes, url-safe base64)."
        for position, key in enumerate(keys, start=1)
        if not _is_fernet_key(key)
    ]


def is_loopback(address: str) -> bool:
    """Whether an address leads back to this machine; an empty one leads nowhere."""
    host = (urlsplit(address if "//" in address else f"//{address}").hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return mapped.is_loopback or mapped.is_unspecified


def _key_problems(name: str, values: Iterable[str]) -> list[str]:
    present = [value for value in values if value]
    if not present:
        return [f"{name} is not set."]
    if any(INSECURE in value.lower() for value in present):
        return [f"{name} holds the key of the demonstration; make your own."]
    return []


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key.encode())
    except ValueError:
        return False
    return True
