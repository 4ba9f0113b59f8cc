"""The slot that a cancellation of ours opened: who is told of it, and what if nobody could be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.effects import WAITLIST, EffectWanted, WorkItemWanted, instant
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import AppointmentStatus, EffectKind, EffectStatus, WorkItemKind


def offer_slot(
    snapshot: Snapshot, now: datetime
) -> tuple[tuple[EffectWanted, ...], tuple[WorkItemWanted, ...]]:
    """The effects and work items that an open slot asks for."""
    effects, items = _slot(snapshot, now)
    return (*_waitlist(snapshot, now), *effects), (*_not_told(snapshot), *items)


def _waitlist(snapshot: Snapshot, now: datetime) -> Iterator[EffectWanted]:
    """The text to the waitlist desk that a cancellation of ours asks for, once per opened slot."""
    notices = [e for e in snapshot.effects if e.kind is EffectKind.WAITLIST_NOTICE]
    if any(notice.sent for notice in notices) or not _cancelled_by_us(snapshot):
        return
    if not_offered(snapshot, now):
        return
    queued = next((e for e in notices if e.status is EffectStatus.QUEUED), None)
    body = queued.body if queued is not None else _open_slot(snapshot)
    yield EffectWanted(EffectKind.WAITLIST_NOTICE, body, purpose="slot_open")


def _not_told(snapshot: Snapshot) -> Iterator[WorkItemWanted]:
    """The work item for a waitlist notice that was refused or has no known outcome: the desk calls
    instead.
    """
    stuck = (EffectStatus.REJECTED, EffectStatus.PARKED)
    failed = any(
        e.kind is EffectKind.WAITLIST_NOTICE and e.status in stuck for e in snapshot.effects
    )
    reply = _answer_that_cancelled(snapshot)
    if failed and reply is not None:
        sentence = "The waitlist could not be told of the open slot. Call the next patient on it."
        yield WorkItemWanted(WorkItemKind.WAITLIST_NOT_TOLD, sentence, response_id=reply)


def _slot(
    snapshot: Snapshot, now: datetime
) -> tuple[tuple[EffectWanted, ...], tuple[WorkItemWanted, ...]]:
    """The open slot as work for the desk, with those who wait for one like it (read once)."""
    reply = _answer_that_cancelled(snapshot)
    hours = timedelta(hours=snapshot.settings.waitlist_notice_hours)
    starts_at = snapshot.appointment.starts_at
    if (
        reply is None
        or not _cancelled_by_us(snapshot)
        or not _frees_slot(snapshot)
        or starts_at is None
        or starts_at - now < hours
    ):
        return (), ()
    sentence = "A patient cancelled and the slot is open. Offer it to somebody who waits."
    item = WorkItemWanted(WorkItemKind.OPEN_SLOT, sentence, response_id=reply)
    settled = (EffectStatus.ACCEPTED, EffectStatus.REJECTED, EffectStatus.PARKED)
    asked = any(e.purpose == WAITLIST and e.status in settled for e in snapshot.effects)
    body = {"appointment": snapshot.appointment.external_id, "asks": WAITLIST}
    kind = EffectKind.READ_APPOINTMENT
    read = EffectWanted(kind, body, purpose=WAITLIST, response_id=reply)
    return (() if asked else (read,)), (item,)


def _answer_that_cancelled(snapshot: Snapshot) -> int | None:
    """The reply whose cancellation is in the chart."""
    cancelled = (e for e in snapshot.effects if e.kind is EffectKind.CANCEL_APPOINTMENT)
    return next((e.response_id for e in cancelled if e.status is EffectStatus.ACCEPTED), None)


def _cancelled_by_us(snapshot: Snapshot) -> bool:
    """Whether a cancellation of ours opened the slot, and it is still open in the chart."""
    return snapshot.appointment.status is AppointmentStatus.CANCELLED and any(
        e.kind is EffectKind.CANCEL_APPOINTMENT and e.status is EffectStatus.ACCEPTED
        for e in snapshot.effects
    )


def _frees_slot(snapshot: Snapshot) -> bool:
    """Whether the reason of our cancellation opens the slot: the desk's own, or the practice's."""
    cancelled_by = _answer_that_cancelled(snapshot)
    reply = next((r for r in snapshot.replies if r.id == cancelled_by), None)
    if reply is not None and reply.cancel_reason_id:
        return reply.cancel_reason_frees_slot
    return snapshot.settings.cancel_reason_frees_slot


def not_offered(snapshot: Snapshot, now: datetime) -> str:
    """Why the waitlist is not told of the slot; empty when it is."""
    appointment, settings = snapshot.appointment, snapshot.settings
    if not settings.waitlist_phone:
        return "The waitlist was not told: the practice has set no number for it."
    if not _frees_slot(snapshot):
        return "The waitlist was not told: the cancel reason does not free the slot."
    hours = timedelta(hours=settings.waitlist_notice_hours)
    if appointment.starts_at is None or appointment.starts_at - now < hours:
        return "The waitlist was not told: the visit was about to start."
    return ""


def _open_slot(snapshot: Snapshot) -> dict[str, Any]:
    """The open slot in words: when, what, with whom, where. No patient data."""
    appointment = snapshot.appointment
    assert appointment.starts_at is not None
    when = appointment.local_start.strftime("%a %b %d, %I:%M %p")
    zone = appointment.time_zone.rpartition("/")[2].replace("_", " ")
    provider = appointment.providers[0].name if appointment.providers else "any provider"
    text = (
        f"Open slot: {when} ({zone} time), {appointment.type_name}, {provider}, "
        f"{appointment.department_name}."
    )
    return {
        "to": snapshot.settings.waitlist_phone,
        "text": text[:320],
        "starts_at": instant(appointment.starts_at),
    }
