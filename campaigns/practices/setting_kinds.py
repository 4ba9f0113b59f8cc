"""How each kind of setting is read from text, shown as text, and refused.

A refusal names what is permitted, so that whoever typed it need not look it up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from campaigns.domain.emails import plain_word
from campaigns.domain.languages import tag_of
from campaigns.domain.phones import dialable
from campaigns.models import Campaign, ChartCancelReason, Practice, Provider

YES = frozenset({"true", "yes", "1", "on"})
NO = frozenset({"false", "no", "0", "off"})
KNOWN_SHOWN = 12
# Shorter ones are somebody's initials.
SHORTEST_WORD = 4
MAIL_PROVIDERS = frozenset(
    {"gmail", "googlemail", "yahoo", "outlook", "hotmail", "live", "msn", "icloud", "aol", "proton"}
    | {"protonmail", "comcast", "verizon", "att", "ymail", "gmx", "mail", "example"}
)


class BadValue(ValueError):
    """A value that the setting cannot take; the text says what it can take."""


@dataclass(frozen=True)
class Kind:
    """`read` turns text into column values, `show` column values into plain JSON."""

    read: Callable[[Practice, str, str], dict[str, Any]]
    show: Callable[[Practice, str], Any]


def _plain(practice: Practice, name: str) -> Any:
    return getattr(practice, name)


def _column(name: str) -> models.Field[Any, Any]:
    field = Practice._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _number(practice: Practice, name: str, text: str) -> dict[str, Any]:
    field = _column(name)
    whole = isinstance(field, models.IntegerField)
    try:
        value = int(text) if whole else float(text)
        if not math.isfinite(value):
            raise ValueError
        field.run_validators(value)
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from error
    except ValueError as error:
        raise BadValue(f"a {'whole number' if whole else 'number'} is needed") from error
    return {name: value}


def _flag(practice: Practice, name: str, text: str) -> dict[str, Any]:
    if text.lower() in YES | NO:
        return {name: text.lower() in YES}
    raise BadValue("permitted: true, false")


def _choice(practice: Practice, name: str, text: str) -> dict[str, Any]:
    permitted = [str(value) for value, _ in _column(name).choices or []]
    if text in permitted:
        return {name: text}
    raise BadValue(f"permitted: {', '.join(permitted)}")


def _language(practice: Practice, name: str, text: str) -> dict[str, Any]:
    tag = tag_of(text)
    if tag is None:
        raise BadValue("a BCP-47 language is needed, such as en, es or pt-BR")
    return {name: tag}


def _zone(practice: Practice, name: str, text: str) -> dict[str, Any]:
    if text not in available_timezones():
        raise BadValue("an IANA time zone is needed, such as America/Chicago")
    return {name: text}


def _phone(practice: Practice, name: str, text: str) -> dict[str, Any]:
    number = dialable(text)
    if text and number is None:
        raise BadValue("a US or Canadian number in E.164 is needed: +1 and ten digits")
    return {name: number or ""}


def _addresses(practice: Practice, name: str, text: str) -> dict[str, Any]:
    addresses = [part.strip() for part in text.split(",") if part.strip()]
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError as error:
            raise BadValue("e-mail addresses are needed, separated by commas") from error
    return _text(practice, name, ",".join(addresses))


def _no_address_words(practice: Practice, name: str, text: str) -> dict[str, Any]:
    """Words that are typed where somebody has no address: letters, compared without the rest."""
    words = [plain_word(part) for part in re.split(r"[,;\r\n]", text) if part.strip()]
    if any(len(word) < SHORTEST_WORD for word in words):
        raise BadValue(
            f"words of {SHORTEST_WORD} letters or more are needed, separated by commas, "
            "such as noemailgiven"
        )
    if real := sorted(MAIL_PROVIDERS & set(words)):
        raise BadValue(f"{', '.join(real)}: people have their addresses there")
    return _text(practice, name, ",".join(dict.fromkeys(words)))


def _text(practice: Practice, name: str, text: str) -> dict[str, Any]:
    longest = _column(name).max_length
    if longest is not None and len(text) > longest:
        raise BadValue(f"at most {longest} characters")
    return {name: text}


def _window(practice: Practice, name: str, text: str) -> dict[str, Any]:
    start, dash, end = (part.strip() for part in text.partition("-"))
    try:
        opens, closes = time.fromisoformat(start), time.fromisoformat(end)
    except ValueError as error:
        raise BadValue("a window is needed, such as 09:00-21:00") from error
    if not dash or opens >= closes or opens.tzinfo or closes.tzinfo:
        raise BadValue("a window that ends after it starts is needed, such as 09:00-21:00")
    return {f"{name}_start": opens, f"{name}_end": closes}


def _show_window(practice: Practice, name: str) -> str:
    start, end = getattr(practice, f"{name}_start"), getattr(practice, f"{name}_end")
    return f"{start:%H:%M}-{end:%H:%M}"


def named(ids: Sequence[str]) -> str:
    """Some ids of the practice's reference data, for a refusal."""
    more = ", ..." if len(ids) > KNOWN_SHOWN else ""
    return ", ".join(ids[:KNOWN_SHOWN]) + more or "none is loaded yet, run bootstrap"


def _one_of(rows: type[Campaign] | type[Provider] | type[ChartCancelReason]) -> Kind:
    """A setting that is an id of the practice's reference data, or empty."""

    def read(practice: Practice, name: str, text: str) -> dict[str, Any]:
        known = rows._default_manager.filter(practice=practice).order_by("external_id")
        ids = list(known.values_list("external_id", flat=True))
        if text and text not in ids:
            raise BadValue(f"permitted: {named(ids)}; or empty")
        return {name: text}

    return Kind(read, _plain)


NUMBER = Kind(_number, _plain)
FLAG = Kind(_flag, _plain)
CHOICE = Kind(_choice, _plain)
LANGUAGE = Kind(_language, _plain)
ZONE = Kind(_zone, _plain)
PHONE = Kind(_phone, _plain)
TEXT = Kind(_text, _plain)
ADDRESSES = Kind(_addresses, _plain)
NO_ADDRESS_WORDS = Kind(_no_address_words, _plain)
WINDOW = Kind(_window, _show_window)
CAMPAIGN = _one_of(Campaign)
PROVIDER = _one_of(Provider)
CANCEL_REASON = _one_of(ChartCancelReason)
