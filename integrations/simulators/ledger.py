"""The books of the other side: every accepted call that changed something, and what it changed.

Two lists. `writes` has accepted API calls only, in order. `entries` has them again with their
bodies and what was different afterwards, and between them what changed without a call: by the staff
of the practice (source `staff`) and by Relatient itself (source `vendor`). So a judge can lay both
sides' timelines beside each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

State = dict[str, Any]

SOURCES = {"athenahealth": "staff", "relatient": "vendor"}


@dataclass
class Write:
    at: str
    vendor: str
    method: str
    path: str
    subjects: dict[str, str]
    idempotency_key: str | None


@dataclass(slots=True)
class Entry:
    """`source` is api, staff or vendor. The last two have no method, path or body.

    `abandoned`: the call was performed after its caller had hung up.
    """

    n: int
    at: str
    source: str
    vendor: str
    method: str
    path: str
    subjects: dict[str, str]
    idempotency_key: str | None
    body: Any
    abandoned: bool
    states: list[State]

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Ledger:
    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.entries: list[Entry] = []
        # Set while a call is performed, under the simulation's lock.
        self.during_call: list[State] | None = None
        self.caller_gone = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """What changes inside belongs to one call; `record` books it when it was accepted."""
        self.during_call = []
        try:
            yield
        finally:
            self.during_call = None

    @contextmanager
    def abandoned(self) -> Iterator[None]:
        """The caller of what is performed inside has hung up already."""
        self.caller_gone = True
        try:
            yield
        finally:
            self.caller_gone = False

    def changed(
        self,
        vendor: str,
        kind: str,
        id: str,
        before: State | None,
        after: State,
        at: datetime,
    ) -> None:
        """One record of a vendor is different, or new."""
        state = {"kind": kind, "id": id, "before": before, "after": after}
        if self.during_call is not None:
            self.during_call.append(state)
        else:
            self._enter(at, SOURCES[vendor], vendor, states=[state])

    def record(
        self,
        at: datetime,
        vendor: str,
        method: str,
        path: str,
        subjects: dict[str, str],
        idempotency_key: str | None = None,
        body: Any = None,
    ) -> None:
        self.writes.append(Write(at.isoformat(), vendor, method, path, subjects, idempotency_key))
        self._enter(
            at,
            "api",
            vendor,
            method=method,
            path=path,
            subjects=subjects,
            idempotency_key=idempotency_key,
            body=body,
            states=self.during_call or [],
        )

    def _enter(
        self,
        at: datetime,
        source: str,
        vendor: str,
        *,
        method: str = "",
        path: str = "",
        subjects: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        body: Any = None,
        states: list[State],
    ) -> None:
        self.entries.append(
            Entry(
                n=len(self.entries) + 1,
                at=at.isoformat(),
                source=source,
                vendor=vendor,
                method=method,
                path=path,
                subjects=subjects or {},
                idempotency_key=idempotency_key,
                body=body,
                abandoned=self.caller_gone,
                states=states,
            )
        )

    def as_list(self) -> list[dict[str, Any]]:
        return [vars(write) for write in self.writes]

    def after(self, n: int, limit: int) -> list[dict[str, Any]]:
        """At most `limit` entries behind the n-th."""
        return [entry.shown() for entry in islice(self.entries, n, n + limit)]
