"""An answer of a vendor, and JSON from outside read strictly.

What is not plain JSON is not accepted as JSON, in an answer and in a notification alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn


class MalformedReply(Exception):
    """An answer came whose body is not the JSON it should be. The text quotes none of it."""


@dataclass(frozen=True)
class HttpReply:
    """Status, headers (looked up in any case of letters) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; NaN, Infinity, wrong bytes and deep nesting are refused."""
        try:
            return parse_json(self.body)
        except NotJson as error:
            raise MalformedReply(str(error)) from None

    def json_or_none(self) -> Any:
        """The body as JSON, or None where it is none (an error page of a gateway)."""
        try:
            return self.json()
        except MalformedReply:
            return None


MAX_DEPTH = 64
# Every NUL and every lone surrogate comes in by an escape: raw ones are refused as wrong bytes.
ESCAPE = b"\\u"


class NotJson(Exception):
    """The bytes are not the JSON they should be. The text is a plain reason and quotes none."""


def parse_json(body: bytes) -> Any:
    """The value; NaN, Infinity, numbers that mean it, wrong bytes and deep nesting are refused."""
    try:
        # Never by guess of the encoding: json would take UTF-16 too.
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except UnicodeDecodeError:
        raise NotJson("the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON") from None
    if _deeper_than(value, MAX_DEPTH):
        raise NotJson("the JSON is nested too deeply")
    return value


def parse_storable_json(body: bytes) -> Any:
    """As `parse_json`, and every text in it is one that PostgreSQL can store."""
    value = parse_json(body)
    if ESCAPE in body and not all(_storable(text) for text in _texts(value)):
        raise NotJson("the JSON holds a character that is none")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    # 1e999 is Infinity by another name, and could not be written as JSON again.
    return number if math.isfinite(number) else _refuse(digits)


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def _texts(value: Any) -> list[str]:
    """Every text in a value, names of fields included."""
    texts, level = [], [value]
    while level:
        texts += [item for item in level if isinstance(item, str)]
        texts += [name for item in level if isinstance(item, dict) for name in item]
        level = [child for item in level for child in _children(item)]
    return texts


def _storable(text: str) -> bool:
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
