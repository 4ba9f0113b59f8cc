"""What may not stand in an audit event or a log line.

Two defences, for two kinds of mistake. A forbidden *key* is a mistake in the code: the audit
refuses it, so that a test finds it. A *value* that looks like a phone number is a surprise in the
data: it is masked, because a refusal would roll back the work done for that patient.
A name in free text cannot be recognised: so free text is forbidden, not filtered.
"""

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

MASK = "[redacted]"
LONGEST_TEXT = 300

# Compared with the key in lower case, letters only.
FORBIDDEN_KEYS = frozenset(
    {
        "name",
        "firstname",
        "middlename",
        "lastname",
        "fullname",
        "preferredname",
        "patientname",
        "guardianname",
        "guarantorname",
        "recipientname",
        "contactname",
        "dob",
        "ssn",
        "zip",
        "raw",
        "text",
        "rawtext",
        "body",
        "message",
        "reply",
        "answer",
        "note",
        "notes",
        "comment",
        "query",
        "querystring",
        "search",
    }
)
FORBIDDEN_PARTS = (
    "phone",
    "mobile",
    "email",
    "birth",
    "address",
    "street",
    "password",
    "secret",
    "token",
    "apikey",
    "authorization",
    "cookie",
    "payload",
)

# Ids and times may be long runs of digits without being phone numbers.
PLAIN_KEY = re.compile(r"(^|_)(ids?|key|at|since|until|digest|version)$")

PATTERNS = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),  # e-mail address
    re.compile(r"(?<!\w)\d{3}-\d{2}-\d{4}(?!\w)"),  # social security number
    re.compile(r"(?<!\w)\d{1,2}/\d{1,2}/\d{4}(?!\w)"),  # date, in the chart's own form
    re.compile(r"(?<!\w)\+\d[\d\s().-]{6,18}\d(?!\w)"),  # phone, international
    re.compile(r"(?<!\w)(?:1[\s.-]?)?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4}(?!\w)"),  # phone, US
)


class ForbiddenDetail(ValueError):
    """The detail of an audit event names something that must not be kept there."""


def is_forbidden(key: str) -> bool:
    letters = re.sub(r"[^a-z]", "", key.lower())
    return letters in FORBIDDEN_KEYS or any(part in letters for part in FORBIDDEN_PARTS)


def mask(text: str) -> str:
    """The text without whatever looks like a way to reach or to identify a person."""
    for pattern in PATTERNS:
        text = pattern.sub(MASK, text)
    return text


def redacted(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The detail as it may be stored; raises ForbiddenDetail for a key that may not be there."""
    return {str(key): _value(str(key), value) for key, value in detail.items()}


def _value(key: str, value: Any) -> Any:
    # A flag such as {"email": true} says which channel, not which address.
    if value is None or isinstance(value, bool):
        return value
    if is_forbidden(key):
        raise ForbiddenDetail(f"An audit event may not keep {key!r}.")
    if isinstance(value, Mapping):
        return redacted(value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_value(key, item) for item in value]
    return _scalar(key, value)


def _scalar(key: str, value: Any) -> Any:
    if isinstance(value, Enum):
        return _scalar(key, value.value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, str):
        return value[:LONGEST_TEXT] if PLAIN_KEY.search(key) else mask(value)[:LONGEST_TEXT]
    raise ForbiddenDetail(f"{key!r} holds a {type(value).__name__}, which no audit event can keep.")
