"""Failures on order: what a network and a tired vendor do to a request.

kind            performed?  what the caller sees
status          no          the given status, headers and body
unauthorized    no          401; the token that was used is dead (athenahealth)
timeout_before  no          nothing for delay_seconds, then the connection closes
timeout_after   yes         the same: the write succeeded and nobody was told
timeout_late    later       the same, and late_seconds after the connection closed it is performed
reset_before    no          a connection reset at once
reset_after     yes         a connection reset at once
garbage         yes         200 with a body that is no JSON
cut_page        yes         the first half of the body
duplicate_rows  yes         some rows of a list twice
reorder_rows    yes         the rows of a list in another order
slow            yes         the answer, after delay_seconds
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from werkzeug.wrappers import Response

ALTERED = {"cut_page", "duplicate_rows", "reorder_rows"}
PERFORMED = {"timeout_after", "reset_after", "garbage", "slow"} | ALTERED
SILENT = {"timeout_before", "timeout_after", "timeout_late", "reset_before", "reset_after"}
KINDS = PERFORMED | SILENT | {"status", "unauthorized"}


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
    late_seconds: float = 0.5
    # Which rows are hit.
    seed: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind has to be one of {', '.join(sorted(KINDS))}")
        re.compile(self.path)

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path) is not None

    def wait_seconds(self) -> float:
        waits = self.kind.startswith("timeout") or self.kind == "slow"
        return self.delay_seconds if waits else 0.0

    def response(self, performed: Response | None) -> Response:
        """`performed` is what the vendor would have answered."""
        if performed is not None and self.kind == "slow":
            return performed
        if performed is not None and self.kind in ALTERED:
            return self.altered(performed)
        if self.kind == "garbage":
            return Response(
                self.body or '<html>{"half": ', 200, self.headers, mimetype="application/json"
            )
        if isinstance(self.body, str):
            return Response(self.body, self.status, self.headers, mimetype="text/plain")
        return Response(
            json.dumps(self.body), self.status, self.headers, mimetype="application/json"
        )

    def altered(self, answer: Response) -> Response:
        """Only good answers of rows are; a refusal stays what it is."""
        if answer.status_code != 200 or not answer.is_json:
            return answer
        if self.kind == "cut_page":
            whole = answer.get_data()
            answer.set_data(whole[: len(whole) // 2])
        elif rows := longest_list(payload := answer.get_json()):
            ALTERATIONS[self.kind](rows, Random(self.seed))
            answer.set_data(json.dumps(payload))
        return answer


def longest_list(payload: Any) -> list[Any]:
    lists = [one for one in payload.values() if isinstance(one, list)] if is_object(payload) else []
    return max(lists, key=len, default=[])


def is_object(payload: Any) -> bool:
    return isinstance(payload, dict)


def duplicate_rows(rows: list[Any], rng: Random) -> None:
    for row in rng.sample(rows, rng.randint(1, min(len(rows), 3))):
        rows.insert(rng.randint(0, len(rows)), row)


def reorder_rows(rows: list[Any], rng: Random) -> None:
    rng.shuffle(rows)


ALTERATIONS: dict[str, Callable[[list[Any], Random], None]] = {
    "duplicate_rows": duplicate_rows,
    "reorder_rows": reorder_rows,
}


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
