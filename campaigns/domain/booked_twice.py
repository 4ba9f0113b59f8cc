"""Two visits of one patient at the same minute: both may be meant, or one is a mistake.

Only a person can tell, so each keeps its own reminders and the desk is asked once, on the visit
that Kept knew first. A further resource of a visit (`secondary`) is part of it and no second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from campaigns.domain.effects import WorkItemWanted, instant
from campaigns.domain.snapshot import Sibling, Snapshot
from campaigns.domain.values import CONFIRMED, AppointmentStatus, WorkItemKind

OTHER_CANCELLED = (
    "The patient cancelled another visit at the same time as this one. "
    "Ask whether they come to this one."
)


def booked_beside(snapshot: Snapshot) -> tuple[Sibling, ...]:
    """The patient's other booked visits at the very start of this one."""
    return _beside(snapshot, AppointmentStatus.SCHEDULED)


def ask_about_both(snapshot: Snapshot, now: datetime) -> Iterator[WorkItemWanted]:
    """What the desk is asked while this visit is booked and ahead."""
    visit, start = snapshot.appointment, snapshot.appointment.starts_at
    if visit.status is not AppointmentStatus.SCHEDULED or start is None or start <= now:
        return
    beside = booked_beside(snapshot)
    if beside and visit.id < min(other.appointment_id for other in beside):
        hour = visit.local_start.strftime("%I:%M %p").lstrip("0")
        sentence = (
            f"Booked twice at {hour}: is one of them a mistake? Cancel that one in athenahealth, "
            "or press Done."
        )
        yield WorkItemWanted(WorkItemKind.BOOKED_TWICE, sentence, occasion=_occasion(start, beside))
    cancelled = [
        other
        for other in _beside(snapshot, AppointmentStatus.CANCELLED)
        if other.cancelled_by_patient
    ]
    if cancelled and visit.confirmation not in CONFIRMED:
        kind = WorkItemKind.OTHER_CANCELLED
        yield WorkItemWanted(kind, OTHER_CANCELLED, occasion=_occasion(start, cancelled))


def _beside(snapshot: Snapshot, status: AppointmentStatus) -> tuple[Sibling, ...]:
    visit = snapshot.appointment
    if visit.secondary or visit.starts_at is None:
        return ()
    return tuple(
        other
        for other in snapshot.siblings
        if other.status is status and other.starts_at == visit.starts_at and not other.secondary
    )


def _occasion(start: datetime, others: Iterable[Sibling]) -> str:
    return " ".join([instant(start), *sorted(other.external_id for other in others)])
