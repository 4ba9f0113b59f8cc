"""One API call on its way through a handler, and what the handler answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request

from ..switches import Switches
from .errors import Refusal, invalid
from .store import Record, Store


def as_stored(record: Any) -> Any:
    return record


@dataclass
class Reply:
    """The record is rendered when the reply is written, so a replay shows it as it is by then."""

    status: int
    record: Any
    view: Callable[[Any], Any] = as_stored
    replay_status: int = 200
    # False when the call was accepted but nothing was different afterwards
    changed: bool = True

    def payload(self) -> Any:
        return self.view(self.record)

    def replayed(self) -> "Reply":
        return Reply(self.replay_status, self.record, self.view, self.replay_status, changed=False)


@dataclass
class Call:
    store: Store
    switches: Switches
    request: Request
    now: datetime
    subjects: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        body = self.request.get_json(silent=True, force=True)
        if not isinstance(body, dict):
            raise Refusal("invalid_json")
        return body

    def patient(self, id: str) -> Record:
        if id not in self.store.patients:
            raise Refusal("patient_not_found")
        return self.store.patients[id]

    def enrollment(self, id: str) -> Record:
        if id not in self.store.enrollments:
            raise Refusal("not_found")
        enrollment = self.store.enrollments[id]
        self.subjects |= {
            "enrollment_id": id,
            "appointment_external_id": enrollment["appointment"]["external_id"],
        }
        return enrollment

    def limit(self, default: int, maximum: int) -> int:
        text = self.request.args.get("limit", str(default))
        if not text.isdigit() or not 1 <= int(text) <= maximum:
            raise invalid("limit", f"has to be between 1 and {maximum}")
        return int(text)


def cursor_page(
    call: Call, name: str, rows: list[Any], *, default: int, maximum: int
) -> dict[str, Any]:
    limit = call.limit(default, maximum)
    cursor = call.request.args.get("cursor", "0")
    if not cursor.isdigit():
        raise Refusal("invalid_cursor")
    end = int(cursor) + limit
    return {name: rows[int(cursor) : end], "next_cursor": str(end) if end < len(rows) else None}
