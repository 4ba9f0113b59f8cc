"""Ping, the campaign library and the log of events."""

from typing import Any

from ..routing import Route
from .call import Call, Reply, cursor_page
from .errors import Refusal

PRIVATE = {"stored_at"}


def shown(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in PRIVATE}


def ping(call: Call) -> Reply:
    return Reply(200, {"practice_id": "rel_practice_1", "scopes": call.switches.relatient_scopes})


def campaigns(call: Call) -> Reply:
    return Reply(
        200,
        cursor_page(
            call, "campaigns", list(call.store.campaigns.values()), default=50, maximum=200
        ),
    )


def events(call: Call) -> Reply:
    """In order of `seq`, from the oldest held when no cursor is given."""
    call.store.drop_old_events(call.now, call.switches.relatient_event_retention_days)
    after = read_cursor(call)
    limit = call.limit(200, 500)
    rest = call.store.events_after(after)
    rows = [shown(event) for event in rest[:limit]]
    cursor = str(rows[-1]["seq"] if rows else after)
    return Reply(200, {"events": rows, "next_cursor": cursor, "has_more": len(rest) > limit})


def read_cursor(call: Call) -> int:
    text = call.request.args.get("after")
    if text is None:
        return call.store.dropped_to
    if not text.isdigit():
        raise Refusal("invalid_cursor")
    if int(text) < call.store.dropped_to:
        raise Refusal("cursor_expired")
    return int(text)


ROUTES = [
    Route("GET", "/ping", ping),
    Route("GET", "/campaigns", campaigns, "patients.read"),
    Route("GET", "/events", events, "events.read"),
]
