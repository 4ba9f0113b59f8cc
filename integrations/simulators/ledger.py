"""Every accepted call that changed something at a vendor, in order: the books of the other side."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass
class Write:
    at: str
    vendor: str
    method: str
    path: str
    subjects: dict[str, str]
    idempotency_key: str | None


class Ledger:
    def __init__(self) -> None:
        self.writes: list[Write] = []

    def record(
        self,
        at: datetime,
        vendor: str,
        method: str,
        path: str,
        subjects: dict[str, str],
        idempotency_key: str | None = None,
    ) -> None:
        self.writes.append(Write(at.isoformat(), vendor, method, path, subjects, idempotency_key))

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(write) for write in self.writes]
