"""What a judge would ask about a record, and whether it is different from the last time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Digest = dict[str, Any]
# (id, before, after, at)
Changed = Callable[[str, Digest | None, Digest, datetime], None]


class RecordDigests:
    def __init__(self, changed: Changed) -> None:
        self.changed = changed
        self.last: dict[str, Digest] = {}

    def see(self, id: str, digest: Digest, at: datetime) -> None:
        """Tells of a difference, and of a record that is new."""
        before = self.last.get(id)
        if digest != before:
            self.last[id] = digest
            self.changed(id, before, digest, at)
