"""The change feeds of an API key: queues that hand each row out once, and again by time window.

Source: docs.athenahealth.com/api/guides/changed-data-subscriptions, descriptions of the endpoints.
A row has no event name; the caller receives the subject's state at the moment of reading.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

APPOINTMENT_EVENTS = [
    "ScheduleAppointment",
    "CheckIn",
    "CheckOut",
    "UpdateAppointment",
    "CancelAppointment",
    "FreezeAppointment",
    "UnfreezeAppointment",
    "DeleteAppointment",
    "AddAppointmentSlot",
]
# Offered, but not among the defaults.
EXTRA_APPOINTMENT_EVENTS = ["UpdateReminderCall", "UpdateSuggestedOverbooking"]
PATIENT_EVENTS = [
    "AddPatient",
    "UpdatePatient",
    "DeletePatient",
    "MergePatient",
    "UpdatePatientCustomField",
]

DEFAULT_EVENTS = {"appointments": APPOINTMENT_EVENTS, "patients": PATIENT_EVENTS}
OFFERED_EVENTS = {
    "appointments": APPOINTMENT_EVENTS + EXTRA_APPOINTMENT_EVENTS,
    "patients": PATIENT_EVENTS,
}


@dataclass
class Entry:
    subject: str
    processed_at: datetime | None = None


@dataclass
class Feed:
    name: str
    # event name -> the moment from which it is heard
    subscribed: dict[str, datetime] = field(default_factory=dict)
    # empty = the whole practice
    departments: set[str] = field(default_factory=set)
    waiting: list[Entry] = field(default_factory=list)
    processed: list[Entry] = field(default_factory=list)
    queued: set[str] = field(default_factory=set)

    def subscribe(self, event: str, departments: set[str], active_from: datetime) -> None:
        for one in [event] if event else DEFAULT_EVENTS[self.name]:
            self.subscribed.setdefault(one, active_from)
        self.departments = departments

    def unsubscribe(self, event: str) -> None:
        if event:
            self.subscribed.pop(event, None)
        else:
            self.subscribed.clear()

    def active_events(self, now: datetime) -> list[str]:
        return [
            event
            for event in OFFERED_EVENTS[self.name]
            if event in self.subscribed and self.subscribed[event] <= now
        ]

    def status(self, now: datetime) -> str:
        active = self.active_events(now)
        if not active:
            return "INACTIVE"
        return "ACTIVE" if set(DEFAULT_EVENTS[self.name]) <= set(active) else "PARTIAL"

    def publish(
        self, event: str, subject: str, department: str, now: datetime, collapse: bool
    ) -> None:
        if event not in self.active_events(now) or (
            self.departments and department not in self.departments
        ):
            return
        if collapse and subject in self.queued:
            return
        self.waiting.append(Entry(subject))
        self.queued.add(subject)

    def unread(self, wanted: Callable[[str], bool]) -> list[Entry]:
        return [entry for entry in self.waiting if wanted(entry.subject)]

    def reread(self, start: datetime, end: datetime, wanted: Callable[[str], bool]) -> list[Entry]:
        """What was handed out in the window. Stamps have whole seconds, so the last one counts."""
        last = end + timedelta(seconds=1)
        return [
            one
            for one in self.processed
            if one.processed_at and start <= one.processed_at < last and wanted(one.subject)
        ]

    def consume(self, entries: list[Entry], now: datetime) -> None:
        taken = {id(entry) for entry in entries}
        self.waiting = [entry for entry in self.waiting if id(entry) not in taken]
        self.queued = {entry.subject for entry in self.waiting}
        for entry in entries:
            entry.processed_at = now
        self.processed += entries


class FeedDesk:
    """All feeds: per API key and kind, created when the key first asks."""

    def __init__(self) -> None:
        self.feeds: dict[tuple[str, str], Feed] = {}

    def of(self, client_id: str, name: str) -> Feed:
        return self.feeds.setdefault((client_id, name), Feed(name))

    def publish(
        self, name: str, event: str, subject: str, department: str, now: datetime, collapse: bool
    ) -> None:
        for (_, feed_name), feed in self.feeds.items():
            if feed_name == name:
                feed.publish(event, subject, department, now, collapse)
