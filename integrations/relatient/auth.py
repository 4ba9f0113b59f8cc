"""How a request to Relatient proves who sends it; the one place that knows the scheme.

A practice with other credentials (a token, a signed request) adds a class here and names it in
gateway.client_for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Authentication(Protocol):
    """Anything that can add its proof to the headers of a request."""

    def headers(self) -> dict[str, str]:
        """The headers to send along, made anew for every request."""
        ...


@dataclass(frozen=True)
class ApiKey:
    """A static key of the practice; left out of repr so that no log line can show it."""

    key: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """`Authorization: ApiKey <key>`."""
        return {"Authorization": f"ApiKey {self.key}"}
