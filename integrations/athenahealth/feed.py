"""The change feeds: queues that are emptied by reading them (contract section 4.5).

Reading marks the rows as processed, so whoever calls read_page has stored the start of the
window before, and stores the page before anything else. After an unclean end, read_window brings
the same rows once more. Rows carry no event name: they are the current state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from campaigns.clock import database_now
from campaigns.domain.values import Vendor
from campaigns.ports import OutcomeUnknown
from integrations.athenahealth import paging
from integrations.athenahealth.client import AthenaClient
from integrations.athenahealth.error_mapping import NotSubscribed
from integrations.athenahealth.paging import PAGE_ROWS, Page
from integrations.athenahealth.schemas import to_text
from integrations.athenahealth.times import eastern_window
from integrations.drift.observe import DriftKind, unknown
from integrations.models import Feed
from integrations.transport import errors

__all__ = [
    "NotSubscribed",
    "read_page",
    "read_window",
    "subscribe",
    "subscription_status",
]

# Path, plural of the rows, id of a row, and what the API key must be allowed to do.
PATHS = {
    Feed.APPOINTMENTS: ("/appointments/changed", "appointments", "appointmentid"),
    Feed.PATIENTS: ("/patients/changed", "patients", "patientid"),
}
OPTIONS = {
    Feed.APPOINTMENTS: {"showcopay": "false"},
    Feed.PATIENTS: {"showpreviouspatientids": "true"},
}
TASK = "read the change feed"
SUBSCRIPTION_STATUSES = frozenset({"ACTIVE", "PARTIAL", "INACTIVE", "UNKNOWN"})


def subscribe(client: AthenaClient, feed: Feed) -> None:
    """POST .../subscription for all events of the whole practice; acts within minutes."""
    path, _, _ = PATHS[feed]
    client.calls.change("POST", path + "/subscription", {}, task="subscribe to the change feed")


def subscription_status(client: AthenaClient, feed: Feed) -> str:
    """GET .../subscription: ACTIVE, PARTIAL, INACTIVE or UNKNOWN."""
    path, _, _ = PATHS[feed]
    body = client.calls.read(path + "/subscription", task=TASK)
    status = to_text(body.get("status")).upper() if isinstance(body, dict) else "UNKNOWN"
    if status not in SUBSCRIPTION_STATUSES:
        unknown(Vendor.ATHENAHEALTH, DriftKind.SUBSCRIPTION_STATUS, status)
    return status


def read_page(client: AthenaClient, feed: Feed) -> Page:
    """One page, which is gone from the feed with that; repeat while it is full, never by offset."""
    path, key, _ = PATHS[feed]
    began = database_now()
    body = client.calls.consume(path, {**OPTIONS[feed], "limit": PAGE_ROWS}, task=TASK)
    page = paging.page_of(body, key, began)
    if page is None:
        raise OutcomeUnknown(
            "athenahealth sent a page of changes that cannot be understood; its rows may count "
            "as read there. Kept reads the window again.",
            code=errors.VENDOR_NONSENSE,
        )
    return page


def read_window(client: AthenaClient, feed: Feed, start: datetime, end: datetime) -> Iterator[Page]:
    """What was processed between two moments, once more; harmless, and paged by offset."""
    path, key, id_field = PATHS[feed]
    first, last = eastern_window(start, end)
    params = {
        **OPTIONS[feed],
        "showprocessedstartdatetime": first,
        "showprocessedenddatetime": last,
        "limit": PAGE_ROWS,
    }
    return paging.pages(client.calls, path, key, id_field=id_field, params=params, task=TASK)
