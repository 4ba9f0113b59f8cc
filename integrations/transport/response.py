"""An answer of a vendor, and JSON from outside read strictly.

What is not plain JSON is not accepted as JSON, in an answer and in a notification alike.
"""

from __future__ import annotations

import json
import math
import re
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
# Characters that a database cannot store: NUL, and half of a pair, which is what a gateway leaves
# that cuts a text at 160 units. They come in by an escape: raw ones are refused as wrong bytes.
ESCAPE = b"\\u"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
IN_ITS_PLACE = "\N{REPLACEMENT CHARACTER}"


class NotJson(Exception):
    """The bytes are not the JSON they should be. The text is a plain reason and quotes none."""


def parse_json(body: bytes) -> Any:
    """The value; NaN, Infinity, numbers that mean it, wrong bytes and deep nesting are refused.

    Every text in it, names of fields included, can be stored: what stands for no character is
    replaced, so that nobody's answer is lost for an odd letter in another's.
    """
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
    return _storable(value) if ESCAPE in body else value


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


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return UNSTORABLE.sub(IN_ITS_PLACE, value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
