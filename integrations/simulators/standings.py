"""What a judge would ask about a record, and whether it is different from the last time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Standing = dict[str, Any]
# (id, before, after, at)
Changed = Callable[[str, Standing | None, Standing, datetime], None]


class Standings:
    def __init__(self, changed: Changed) -> None:
        self.changed = changed
        self.last: dict[str, Standing] = {}

    def see(self, id: str, standing: Standing, at: datetime) -> None:
        """Tells of a difference, and of a record that is new."""
        before = self.last.get(id)
        if standing != before:
            self.last[id] = standing
            self.changed(id, before, standing, at)
