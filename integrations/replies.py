"""An answer of a vendor, read strictly: what is not plain JSON is not accepted as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_DEPTH = 64


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
            value = json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise MalformedReply("the body is not JSON") from None
        if _deeper_than(value, MAX_DEPTH):
            raise MalformedReply("the JSON is nested too deeply")
        return value

    def json_or_none(self) -> Any:
        """The body as JSON, or None where it is none (an error page of a gateway)."""
        try:
            return self.json()
        except MalformedReply:
            return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


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
