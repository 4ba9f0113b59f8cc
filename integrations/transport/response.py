"""An answer of a vendor, read strictly: what is not plain JSON is not accepted as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.transport import strict_json as strictjson


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
            return strictjson.parse(self.body)
        except strictjson.NotJson as error:
            raise MalformedReply(str(error)) from None

    def json_or_none(self) -> Any:
        """The body as JSON, or None where it is none (an error page of a gateway)."""
        try:
            return self.json()
        except MalformedReply:
            return None
