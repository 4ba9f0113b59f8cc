"""The change feeds' endpoints, the same for appointments and patients."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..routing import Route
from .call import Call
from .chart import Row
from .errors import AthenaError, invalid
from .feed import OFFERED_EVENTS, Entry, Feed
from .paging import link, window
from .patients import patient_row
from .rows import booked_row

UNSUBSCRIBED = "Changed messages require setup (subscription) that has not been done."
LIMITS = {"default": 1000, "maximum": 5000}


def events(call: Call, name: str) -> dict[str, Any]:
    return {"subscriptions": [{"eventname": event} for event in OFFERED_EVENTS[name]]}


def status(call: Call, name: str) -> dict[str, Any]:
    feed = call.feeds.of(call.key.client_id, name)
    active = [{"eventname": event} for event in feed.active_events(call.now)]
    return {"status": feed.status(call.now), "subscriptions": active}


def subscribe(call: Call, name: str) -> dict[str, Any]:
    """One event per call, or all default ones; departments are the complete list every time."""
    event = named_event(call, name)
    feed = call.feeds.of(call.key.client_id, name)
    active_from = call.now + timedelta(seconds=call.switches.subscription_delay_seconds)
    feed.subscribe(event, call.parameters.listed("departmentids"), active_from)
    return {"success": True}


def unsubscribe(call: Call, name: str) -> dict[str, Any]:
    call.feeds.of(call.key.client_id, name).unsubscribe(named_event(call, name))
    return {"success": True}


def named_event(call: Call, name: str) -> str:
    event = call.parameters.text("eventname")
    if event and event not in OFFERED_EVENTS[name]:
        raise invalid(f"The value '{event}' did not match any of the enum values for EVENTNAME")
    return event


def changed(call: Call, name: str) -> dict[str, Any]:
    """Reading hands rows out once. A window by processing time shows them again, and only those."""
    feed = call.feeds.of(call.key.client_id, name)
    if not feed.active_events(call.now):
        raise AthenaError(403, UNSUBSCRIBED)
    start, end = (
        call.parameters.stamp("showprocessedstartdatetime"),
        call.parameters.stamp("showprocessedenddatetime"),
    )
    if start or end:
        return read_again(call, feed, start, end)
    return read_next(call, feed)


def read_again(
    call: Call, feed: Feed, start: datetime | None, end: datetime | None
) -> dict[str, Any]:
    if start is None:
        raise invalid("SHOWPROCESSEDENDDATETIME requires SHOWPROCESSEDSTARTDATETIME.")
    entries = feed.reread(start, end or call.now, lambda subject: wanted(call, feed.name, subject))
    return offset_page(call, feed, entries)


def read_next(call: Call, feed: Feed) -> dict[str, Any]:
    """An offset means nothing here: what was read is gone; read again for the next rows."""
    entries = feed.unread(lambda subject: wanted(call, feed.name, subject))
    if call.parameters.flag("leaveunprocessed"):
        return offset_page(call, feed, entries)
    limit, _ = window(call, **LIMITS)
    feed.consume(entries[:limit], call.now)
    return {feed.name: rows(call, feed, entries[:limit]), "totalcount": len(entries)}


def offset_page(call: Call, feed: Feed, entries: list[Entry]) -> dict[str, Any]:
    limit, offset = window(call, **LIMITS)
    answer: dict[str, Any] = {
        feed.name: rows(call, feed, entries[offset : offset + limit]),
        "totalcount": len(entries),
    }
    if offset + limit < len(entries):
        answer["next"] = link(call, offset + limit)
    return answer


def wanted(call: Call, name: str, subject: str) -> bool:
    row = current(call, name, subject)
    filters = (
        ["departmentid", "providerid", "patientid"]
        if name == "appointments"
        else ["departmentid", "patientid"]
    )
    for parameter in filters:
        if (
            (values := call.parameters.listed(parameter))
            and row
            and row.get(parameter) not in values
        ):
            return False
    return row is not None


def current(call: Call, name: str, subject: str) -> Row | None:
    return (call.chart.appointments if name == "appointments" else call.chart.patients).get(subject)


def rows(call: Call, feed: Feed, entries: list[Entry]) -> list[Row]:
    """The state now, whatever it was when the event happened."""
    if feed.name == "appointments":
        return [booked_row(call, call.chart.appointments[entry.subject]) for entry in entries]
    return [
        patient_row(call, call.chart.patients[entry.subject], previous_ids=True)
        for entry in entries
    ]


ROUTES = [
    Route(method, f"/{name}/changed{path}", partial(handler, name=name))
    for name in OFFERED_EVENTS
    for method, path, handler in [
        ("GET", "/subscription/events", events),
        ("GET", "/subscription", status),
        ("POST", "/subscription", subscribe),
        ("DELETE", "/subscription", unsubscribe),
        ("GET", "", changed),
    ]
]
