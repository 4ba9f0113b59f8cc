"""Failures on order: what a network and a tired vendor do to a request.

kind            performed?  what the caller sees
status          no          the given status, headers and body
timeout_before  no          nothing for delay_seconds, then the connection closes
timeout_after   yes         the same: the write succeeded and nobody was told
reset_before    no          a connection reset at once
reset_after     yes         a connection reset at once
garbage         yes         200 with a body that is no JSON
"""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from werkzeug.wrappers import Response

PERFORMED = {"timeout_after", "reset_after", "garbage"}
SILENT = {"timeout_before", "timeout_after", "reset_before", "reset_after"}
KINDS = PERFORMED | SILENT | {"status"}


@dataclass
class Fault:
    kind: str
    path: str = ""
    method: str = "*"
    times: int = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind has to be one of {', '.join(sorted(KINDS))}")
        re.compile(self.path)

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path) is not None

    def wait_seconds(self) -> float:
        return self.delay_seconds if self.kind.startswith("timeout") else 0.0

    def response(self) -> Response:
        if self.kind == "garbage":
            return Response(
                self.body or '<html>{"half": ', 200, self.headers, mimetype="application/json"
            )
        if isinstance(self.body, str):
            return Response(self.body, self.status, self.headers, mimetype="text/plain")
        return Response(
            json.dumps(self.body), self.status, self.headers, mimetype="application/json"
        )


class FaultDesk:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def order(self, orders: list[dict[str, Any]]) -> None:
        self.faults += [Fault(**order) for order in orders]

    def clear(self) -> None:
        self.faults = []

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault ordered for this request, used up by one; one that skips lets it pass."""
        for fault in self.faults:
            if fault.times < 1 or not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            return fault
        return None

    def remaining(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.faults if fault.times > 0]
