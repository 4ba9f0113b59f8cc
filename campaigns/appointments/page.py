"""One appointment's page: how it stands, the facts, and everything that happened, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaigns.appointments.decision_reason import why
from campaigns.appointments.timeline import Entry, entries_of
from campaigns.appointments.video_link import VideoLink, video_link_of
from campaigns.decisions.failed_looks import ABOUT_ONE
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EnrollmentStatus,
    WorkItemKind,
)
from campaigns.labels import APPOINTMENTS, CHANNELS, CONFIRMATIONS, ENROLLMENTS, STATES
from campaigns.local_time import clock, day, spoken
from campaigns.models import Appointment, AppointmentType, Campaign, DecisionRecord
from campaigns.phone_calls.contact import PhoneContact, contact_of
from campaigns.reference.names import Names, names_of
from campaigns.worklist.rows import Item, Visit, item_of, visit_of
from campaigns.worklist.waitlist_candidates import people_on


@dataclass(frozen=True)
class AppointmentPage:
    """Everything the page shows."""

    appointment: Appointment
    state: str
    state_word: str
    sentence: str
    why: str
    visit: Visit
    contact: PhoneContact
    facts: tuple[tuple[str, str], ...]
    video: VideoLink | None
    slots: tuple[Item, ...]
    before: Appointment | None
    after: Appointment | None
    entries: tuple[Entry, ...]
    campaigns: dict[str, str]

    @property
    def others(self) -> int:
        """How many other patients the page names."""
        return sum(len(slot.waiting or ()) for slot in self.slots)


def page_of(row: Appointment, now: datetime, *, newest_first: bool = False) -> AppointmentPage:
    """Read everything that the page shows; times are in the department's zone."""
    names = names_of(row.practice)
    zone = row.time_zone or row.practice.time_zone
    state = State(row.coverage_state)
    campaigns = dict(
        Campaign.objects.filter(practice=row.practice).values_list("external_id", "name")
    )
    entries = entries_of(row, campaigns, zone)
    last = row.decisions.first()
    return AppointmentPage(
        appointment=row,
        state=state.value,
        state_word=STATES[state],
        sentence=sentence_of(Code(row.coverage_code)),
        why=_why(row, last, campaigns),
        visit=visit_of(row, row.practice, names, now),
        contact=_contact(row),
        facts=tuple(_facts(row, last, names, campaigns, zone)),
        video=video_link_of(row, now),
        slots=_slots(row),
        before=_neighbours(row).filter(replaced_by=row.external_id).first(),
        after=_neighbours(row).filter(external_id=row.replaced_by or "-").first(),
        entries=tuple(reversed(entries) if newest_first else entries),
        campaigns=campaigns,
    )


def _why(row: Appointment, last: DecisionRecord | None, campaigns: dict[str, str]) -> str:
    """The reason given by the last decision, if the visit's code is still the one of that
    decision; or that no later one could be made.
    """
    if row.look_failed_at is not None:
        return ABOUT_ONE
    if last is None or last.code != row.coverage_code:
        return ""
    return why(Code(last.code), last.campaign, last.findings, campaigns)


def _slots(row: Appointment) -> tuple[Item, ...]:
    """The slot that its cancellation opened, while the desk has not dealt with it."""
    items = list(row.work_items.filter(kind=WorkItemKind.OPEN_SLOT, closed_at__isnull=True))
    people = people_on(items, row.practice)
    return tuple(item_of(item, people, confidential=_confidential(row)) for item in items)


def _neighbours(row: Appointment) -> QuerySet[Appointment]:
    return Appointment.objects.filter(practice=row.practice)


def _contact(row: Appointment) -> PhoneContact:
    majority = row.practice.majority_at(row.department_external_id)
    day = row.local_start.date()
    return contact_of(row.patient, row.practice, day, majority, confidential=_confidential(row))


def _confidential(row: Appointment) -> bool:
    kinds = AppointmentType.objects.filter(practice=row.practice, confidential=True)
    return kinds.filter(external_id=row.type_external_id).exists()


def _facts(
    row: Appointment,
    last: DecisionRecord | None,
    names: Names,
    campaigns: dict[str, str],
    zone: str,
) -> Iterator[tuple[str, str]]:
    status = APPOINTMENTS[AppointmentStatus(row.status)]
    unzoned = f"{day(row.local_start)}, {clock(row.local_start)}, time zone unknown"
    yield "Start", spoken(row.starts_at, zone) or unzoned
    yield "In the chart", f"{status}, {CONFIRMATIONS[Confirmation(row.confirmation)]}"
    if last is not None and any(step == "booked_twice" for step, *_ in last.findings):
        yield "Booked twice", "another visit of the patient starts at the same time"
    yield "Kind of visit", names.kind(row)
    yield "Provider", names.provider(row) or "none named"
    yield "Department", names.department(row)
    newest = row.enrollments.first()
    if newest is not None:
        name = campaigns.get(newest.campaign, newest.campaign)
        yield "Reminders", f"{name}, {ENROLLMENTS[EnrollmentStatus(newest.status)]}"
        if newest.vendor_state:
            ways = [CHANNELS[Channel(one)] for one in newest.vendor_state["channels"]]
            yield "Sent by", ", ".join(ways)
    elif row.route_campaign:
        yield "Campaign chosen", campaigns.get(row.route_campaign, row.route_campaign)
    yield "Last read", spoken(row.read_ended, zone)
    yield "athenahealth numbers", f"visit {row.external_id}, patient {row.patient.external_id}"
