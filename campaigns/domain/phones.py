"""Which numbers can be texted or called. athenahealth keeps ten digits without a country code."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_REGION = "US"
_NOT_TEXTABLE = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.PAGER,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.FIXED_LINE,
    }
)
# 555-0100 to 555-0199 are kept for fiction (North American Numbering Plan).
_FICTITIOUS = re.compile(r"^\+1\d{3}55501\d{2}$")
# Typed beside a number, these say what it is. Any other word may say whose it is, or that nobody
# is to be called there; nor do letters stand for digits in somebody's own number.
_SAYS_NUMBER = frozenset(
    {"c", "cel", "cell", "cellphone", "cellular", "celular", "m", "mob", "mobile", "movil"}
    | {"móvil", "ph", "phone", "tel", "telefono", "telephone", "teléfono"}
)
_SAYS_LANDLINE = frozenset(
    {"casa", "h", "hm", "home", "land", "landline", "line", "office", "oficina", "trabajo", "w"}
    | {"wk", "work"}
)
_SAYS_EXTENSION = frozenset({"anexo", "ex", "ext", "extension", "extensión", "extn", "int", "x"})
_WORD = re.compile(r"[^\W\d_]+")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)")


def dialable(raw: str) -> str | None:
    """The number in E.164 when a call could reach it, else None.

    A number with an extension reaches a switchboard, where a machine can ask for nobody.
    """
    number = _parsed(raw)
    return None if number is None or number.extension else _e164(number)


def dialable_by_hand(raw: str) -> str | None:
    """As `dialable`, but a number may have an extension, as in a `tel:` link."""
    number = _parsed(raw)
    if number is None:
        return None
    return _e164(number) + (f";ext={number.extension}" if number.extension else "")


def _parsed(raw: str) -> phonenumbers.PhoneNumber | None:
    """A number of North America that exists; None for any other text."""
    words = _words(raw)
    extended = words & _SAYS_EXTENSION
    if words - _SAYS_NUMBER - _SAYS_LANDLINE - extended:
        return None
    try:
        number = phonenumbers.parse(_without_words(raw), _REGION)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != 1 or not phonenumbers.is_valid_number(number):
        return None
    if extended and not number.extension:
        # It was left out, or it stands where it cannot be read.
        return None
    return None if _FICTITIOUS.match(_e164(number)) else number


def _words(raw: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(raw)}


def _without_words(raw: str) -> str:
    """The text without the words that say what it is: 617 227 1234 (cell)."""
    said = _WORD.sub(lambda w: w[0] if w[0].casefold() in _SAYS_EXTENSION else "", raw)
    return _EMPTY_BRACKETS.sub("", said)


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def textable(raw: str) -> str | None:
    """The number in E.164 when a text could reach it, else None.

    In North America a mobile number cannot be told from a landline by its digits, so what is
    refused is what certainly cannot be texted: toll-free, premium, foreign, malformed, fictitious.
    """
    text = None if _words(raw) & _SAYS_LANDLINE else dialable(raw)
    if text is None or phonenumbers.number_type(phonenumbers.parse(text)) in _NOT_TEXTABLE:
        return None
    return text
