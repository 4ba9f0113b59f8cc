"""A violation of an invariant, with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.run.journal import Journal


@dataclass
class Violation:
    """One. `late` when a request that arrived after we gave up on it concerned the same visit."""

    invariant: int
    subject: str
    what: str
    evidence: list[str] = field(default_factory=list)
    late: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def evidence(journal: Journal, visit: str, *more: str) -> list[str]:
    """Every line of the journal that names a visit."""
    named = [entry.line() for entry in journal.entries if _names(entry, visit)]
    return [*more, *named][-60:]


def _names(entry: Any, visit: str) -> bool:
    about = entry.data.get("appointment") or entry.data.get("about") or {}
    return (
        entry.subject == visit
        or visit in entry.subject.split("/")
        or visit in str(entry.data.get("subjects", ""))
        or str(about.get("external_id", "")).endswith(f":{visit}")
    )
