"""The folder's face (integrations/vendors.py), for an engagement tool that is reached by files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from campaigns.ports import Deadline, GatewayError, Guard, Refused, TryLater
from campaigns.vendor_records import CampaignRecord, EnrollmentRecord, EventType
from integrations.folder import collect, files, gateway, library, translate
from integrations.folder.book import Book, Record
from integrations.inbox.claim import NotNow
from integrations.inbox.reported_events import take_reported
from integrations.models import Connection, Feed, InboundMessage
from integrations.transport.errors import NOT_CONNECTED, Nonsense
from integrations.vendors import EngagementFace

CALL_SECONDS = 60.0
PAGE = 500
NO_FOLDER = "ENGAGEMENT_FOLDER is not set. Set it and try again."
SHARED = "Another practice uses this folder. Each needs one of its own."
MISSING = "The folder above it does not exist. Make it and try again."


def _seeded(environment: Mapping[str, Any]) -> dict[str, str]:
    return {"folder": environment.get("ENGAGEMENT_FOLDER", "")}


def _unsafe(environment: Mapping[str, Any]) -> str:
    """Why the folder must not be used; one that is not there yet is made by bootstrap."""
    folder = environment.get("ENGAGEMENT_FOLDER", "")
    return files.problem(folder) if folder and os.path.lexists(folder) else ""


def _nobody_minds() -> None:
    """The guard of what two processes may do at once."""


def _book(connection: Connection, guard: Guard = _nobody_minds) -> Book:
    return gateway.open_book(connection, deadline=Deadline.after(CALL_SECONDS), guard=guard)


def _probe(connection: Connection) -> None:
    """Whether the folder may be used, can be written, and has a library."""
    with gateway.mapping_errors(connection):
        book = _book(connection)
        book.finish_staged()
        library.read(book.places)


def _check(connection: Connection, guard: Guard) -> dict[str, str]:
    """Make what is missing of the folder, and look at all of it."""
    if not connection.folder:
        raise Refused(NO_FOLDER, code=NOT_CONNECTED)
    if Connection.objects.filter(folder=connection.folder).exclude(pk=connection.pk).exists():
        raise Refused(SHARED, code=NOT_CONNECTED)
    _make(Path(connection.folder))
    with gateway.mapping_errors(connection):
        places = _book(connection, guard).places
        library.write_starter(places)
    _probe(connection)
    return {"folder": connection.folder, "permissions": "closed to others", "writing": "works"}


def _make(root: Path) -> None:
    """The folder and its parts; nothing where the path itself must not be used."""
    if not root.is_absolute() or files.is_served(root):
        return
    try:
        files.make(root)
    except FileNotFoundError:
        raise Refused(MISSING, code=NOT_CONNECTED) from None
    except OSError:
        raise TryLater(gateway.NOT_DONE, code=NOT_CONNECTED) from None


def _campaigns(connection: Connection, guard: Guard) -> Sequence[CampaignRecord]:
    with gateway.mapping_errors(connection):
        return library.read(_book(connection, guard).places)


def _active_enrollments(
    connection: Connection, cursor: str, guard: Guard
) -> tuple[list[EnrollmentRecord], str]:
    with gateway.mapping_errors(connection):
        guard()
        rows = _book(connection, guard).enrollments_after(cursor)
        active = (row for row in rows if row["status"] == translate.ACTIVE)
        page = [translate.enrollment_record(row) for row in islice(active, PAGE)]
    return page, page[-1].vendor_id if len(page) == PAGE else ""


def _process(message: InboundMessage) -> Counter[str]:
    """Take in one line of a file; what it leaves out stands in the book."""
    payload: dict[str, Any] = message.payload or {}
    if message.connection is None:
        raise Nonsense("The connection to the folder that this came from is gone.")
    try:
        with gateway.mapping_errors(message.connection):
            book = _book(message.connection)
            held = _enrollment_of(book, payload["row"])
            patient = book.patient(held["patient"]) if held else None
    except GatewayError as error:
        raise NotNow(error) from None
    of = patient["body"]["patient"] if patient else ""
    try:
        event = translate.event_record(message.practice.external_id, payload, held, of)
        counts = take_reported(message, event)
    except Nonsense as nonsense:
        where = f"Line {payload['line']} of the file {payload['file']}"
        raise Nonsense(f"{where}: {nonsense.sentence}") from None
    if event.type is EventType.ENROLLMENT_COMPLETED:
        book.complete(event.enrollment_vendor_id, event.occurred_at)
    return counts


def _enrollment_of(book: Book, row: Mapping[str, str]) -> Record | None:
    """The enrollment that a line names, or else the newest of the visit that it names."""
    if "enrollment_id" in row:
        return book.enrollment(row["enrollment_id"])
    return book.newest_of_visit(row["appointment_id"]) if "appointment_id" in row else None


FACE = EngagementFace(
    seeded=_seeded,
    unsafe=_unsafe,
    typed=False,
    probe=_probe,
    check=_check,
    feeds=(Feed.EVENTS,),
    pull=collect.pull,
    process=_process,
    # Nobody counts our calls; a path would be no name for a host.
    budget_key=lambda connection: ("folder", connection.practice.external_id),
    gateway=lambda connection, deadline, guard: gateway.gateway_for(
        connection, deadline=deadline, guard=guard
    ),
    campaigns=_campaigns,
    active_enrollments=_active_enrollments,
)
