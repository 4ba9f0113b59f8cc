"""The vendors' books over time: every change at either vendor, in the order in which it happened.

Written from outside the simulators, under their lock, so that nothing comes between a change and
its line. `seq` orders everything: changes, requests, and what people did.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.simulators.simulation import Simulation

Row = dict[str, Any]

ENROLLMENT, MESSAGE, ROW, PATIENT, REQUEST, DEED = (
    "enrollment",
    "message",
    "row",
    "patient",
    "request",
    "deed",
)


CHART_WRITE = re.compile(
    r"\w+ /v1/\w+/appointments/(?P<visit>\d+)/(?P<what>cancel|confirmationstatus)"
)


@dataclass(frozen=True)
class Entry:
    """One line. `data` is a copy of how the subject stood right after."""

    seq: int
    at: datetime
    kind: str
    subject: str
    data: Row = field(repr=False)

    def line(self) -> str:
        """One line of evidence."""
        facts = " ".join(f"{name}={value}" for name, value in self.data.items())
        return f"#{self.seq} {self.at:%H:%M:%S.%f} {self.kind} {self.subject} {facts}"[:600]


class Journal:
    """All lines of one run."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.entries: list[Entry] = []
        self._listen_to_relatient()
        self._listen_to_the_chart()
        for vendor in (simulation.athena, simulation.relatient):
            vendor.respond = self._answering(vendor.respond)  # type: ignore[method-assign]

    def note(self, kind: str, subject: str, data: Row) -> Entry:
        """Write a line."""
        with self.simulation.lock:
            entry = Entry(len(self.entries), datetime.now(UTC), kind, subject, deepcopy(data))
            self.entries.append(entry)
            return entry

    def of(self, *kinds: str) -> list[Entry]:
        """The lines of some kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    def _listen_to_relatient(self) -> None:
        store = self.simulation.relatient.store
        add, update, end, send = (
            store.add_enrollment,
            store.update_enrollment,
            store.end_enrollment,
            store.add_message,
        )

        def added(fields: Row, now: datetime) -> Row:
            enrollment: Row = add(fields, now)
            self.note(ENROLLMENT, enrollment["id"], state_of(enrollment) | {"how": "made"})
            return enrollment

        def updated(enrollment: Row, fields: Row, now: datetime) -> None:
            before = state_of(enrollment)
            update(enrollment, fields, now)
            same = state_of(enrollment) == before
            self.note(
                ENROLLMENT,
                enrollment["id"],
                state_of(enrollment) | {"how": "updated", "same": same},
            )

        def ended(enrollment: Row, status: str, reason: str, now: datetime) -> None:
            end(enrollment, status, reason, now)
            self.note(ENROLLMENT, enrollment["id"], state_of(enrollment) | {"how": reason})

        def sent(channel: str, now: datetime, **fields: Any) -> Row:
            message: Row = send(channel, now, **fields)
            about = store.enrollments.get(fields.get("enrollment_id") or "")
            self.note(MESSAGE, message["id"], message | {"about": about and about["appointment"]})
            return message

        store.add_enrollment = added  # type: ignore[method-assign]
        store.update_enrollment = updated  # type: ignore[method-assign]
        store.end_enrollment = ended  # type: ignore[method-assign]
        store.add_message = sent  # type: ignore[method-assign]

    def _listen_to_the_chart(self) -> None:
        chart = self.simulation.athena.chart
        publish, confirm = chart.publish, chart.confirm

        def published(name: str, event: str, subject: str, *more: Any) -> None:
            publish(name, event, subject, *more)
            if name == "appointments":
                self.note(ROW, subject, chart.appointments[subject] | {"event": event})
            else:
                self.note(PATIENT, subject, chart.patients[subject] | {"event": event})

        def confirmed(row: Row, *arguments: Any, **named: Any) -> None:
            confirm(row, *arguments, **named)
            # With the switch confirmation_echo off nothing is published.
            self.note(ROW, row["appointmentid"], row | {"event": "Confirmation"})

        chart.publish = published
        chart.confirm = confirmed  # type: ignore[method-assign]

    def _answering(self, respond: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """A request that asks for a change, as the vendor carried it out or refused it."""

        def answer(request: Request) -> Response:
            writes = self.simulation.ledger.writes
            before, seq = len(writes), len(self.entries)
            response = respond(request)
            if request.method != "GET" and not request.path.startswith("/oauth2"):
                done = writes[-1] if len(writes) > before else None
                self.note(
                    REQUEST,
                    f"{request.method} {request.path}",
                    {
                        "began": seq,
                        "status": response.status_code,
                        "changed": done is not None,
                        "subjects": dict(done.subjects) if done else {},
                        "key": request.headers.get("Idempotency-Key"),
                        "body": request.get_data(as_text=True),
                    },
                )
            return response

        return answer


def chart_write(entry: Entry) -> tuple[str, str] | None:
    """The visit, and whether a request that was carried out cancelled or confirmed it."""
    found = CHART_WRITE.fullmatch(entry.subject)
    if entry.kind != REQUEST or found is None or not entry.data["changed"]:
        return None
    return found["visit"], found["what"]


def state_of(enrollment: Row) -> Row:
    """What of an enrollment is compared."""
    names = (
        "status",
        "patient_id",
        "campaign_id",
        "lead_channel",
        "channels_allowed",
        "recipient",
        "appointment",
    )
    return deepcopy({name: enrollment[name] for name in names})


def visit_of(enrollment: Row) -> str:
    """athenahealth's id in an enrollment of Relatient."""
    return str(enrollment["appointment"]["external_id"]).rpartition(":")[2]
