"""What a translation met and no table of ours names, collected beside its result.

A translation is pure and its callers are many, so it reports what it did not know to whoever
collects at the time (and to nobody when nobody does): `store.recording_drift` stores it. A value is
kept only where it is a plain code; anything that may be a patient's own words becomes its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# A code as vendors write them; a number of more than six digits may be a phone or a birth date.
PLAIN_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}")
MOST_DIGITS = 6
LONGEST = 80


class DriftKind(StrEnum):
    """The fields that are watched. The two that end in a colon are followed by a field's name."""

    APPOINTMENT_STATUS = "appointment status"
    CONFIRMATION_STATUS = "confirmation status"
    CANCEL_REASON = "cancel reason"
    DEPARTMENT = "department"
    PROVIDER = "provider"
    RESOURCE_TYPE = "provider's entity type"
    PATIENT_STATUS = "patient status"
    LANGUAGE = "language code"
    CONTACT_PREFERENCE = "contact preference"
    GUARANTOR_RELATION = "guarantor's relation"
    EMERGENCY_RELATION = "emergency contact's relation"
    SUBSCRIPTION_STATUS = "feed subscription status"
    EVENT_TYPE = "event type"
    CHANNEL = "channel"
    ENROLLMENT_STATUS = "enrollment status"
    CONSENT_STATE = "consent state"
    MESSAGE_STATUS = "message status"
    CAMPAIGN_MODALITY = "campaign modality"
    CAMPAIGN_INTENSITY = "campaign intensity"
    WAITLIST_PRIORITY = "waitlist priority"
    ERROR_CODE = "error code"
    FLAG = "yes or no:"
    SHAPE = "shape:"


@dataclass(frozen=True)
class Unknown:
    """One thing that was not known; `value` is safe to store and to show."""

    vendor: str
    what: str
    value: str


_found: ContextVar[list[Unknown] | None] = ContextVar("unknown_values", default=None)


def unknown(vendor: str, what: DriftKind, value: Any, field: str = "") -> None:
    """Report that a value is not known; `field` completes FLAG and SHAPE."""
    found = _found.get()
    if found is not None:
        found.append(Unknown(vendor, f"{what.value} {field}".strip(), described(value)))


def shape(vendor: str, field: str, value: Any) -> None:
    """Report that a field or a whole row has a shape that Kept cannot read, whatever it holds."""
    found = _found.get()
    if found is not None:
        found.append(Unknown(vendor, f"{DriftKind.SHAPE.value} {field}", shape_of(value)))


def collecting() -> bool:
    """Whether somebody further out collects already."""
    return _found.get() is not None


@contextmanager
def collected() -> Iterator[list[Unknown]]:
    """Collect what the work inside does not know."""
    found: list[Unknown] = []
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)


def described(value: Any) -> str:
    """A plain code as it is; anything else by its shape, since it may be a patient's words."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if PLAIN_CODE.fullmatch(text) and sum(map(str.isdigit, text)) <= MOST_DIGITS:
        return text
    return shape_of(value)


def shape_of(value: Any) -> str:
    """What kind of thing a value is, without a word of it."""
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, Mapping):
        return _keys_of(value)[:LONGEST]
    if isinstance(value, list | tuple):
        return f"list of {len(value)}"
    if isinstance(value, bool):
        return "yes or no"
    return "nothing" if value is None else "number"


def _keys_of(value: Mapping[Any, Any]) -> str:
    keys = sorted(key for key in value if isinstance(key, str) and described(key) == key)
    named = f"object with keys {', '.join(keys)}" if keys else "object"
    return named if len(keys) == len(value) else f"{named} and others"
