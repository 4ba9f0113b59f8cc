"""The link to a video visit: it exists on the day of the visit only.

athenahealth's link is good on that day alone (contract, section 3), so a visit is enrolled
without it and gets it by an update on the day. Only then can a missing link stand in the way,
and only where the practice wants one (`telehealth_link_required`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.effects import JOIN_LINK, EffectWanted
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import EffectKind, EffectStatus, Modality

# A link that is missing is asked for again after this; the desk is told at once.
ASK_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Link:
    """Where the link stands: `url` when it is known, `read` when it is to be asked for.

    `missing` when athenahealth was asked today and had none; `next_at` is when time alone makes
    it worth a look.
    """

    url: str = ""
    read: EffectWanted | None = None
    missing: bool = False
    next_at: datetime | None = None


def link_of(snapshot: Snapshot, now: datetime) -> Link:
    """The link of a scheduled visit at this moment; nothing for a visit in person."""
    appointment = snapshot.appointment
    if appointment.modality is not Modality.TELEHEALTH or appointment.starts_at is None:
        return Link()
    day = _day_begins(appointment.starts_at, appointment.time_zone)
    if now < day:
        return Link(next_at=day)
    read_at = appointment.join_read_at
    asked_today = read_at is not None and read_at >= day
    if asked_today and appointment.join_url:
        return Link(url=appointment.join_url)
    body = {"appointment": appointment.external_id, "asks": JOIN_LINK}
    read = EffectWanted(EffectKind.READ_APPOINTMENT, body, purpose=JOIN_LINK)
    if _refused(snapshot):
        return Link(missing=True)
    if not asked_today or read_at is None:
        return Link(read=read)
    again = read_at + ASK_AGAIN_AFTER
    return Link(missing=True, read=read if again <= now else None, next_at=max(again, now))


def _day_begins(starts_at: datetime, zone: str) -> datetime:
    """Midnight before the visit where it takes place."""
    there = ZoneInfo(zone)
    day = starts_at.astimezone(there).date()
    return datetime.combine(day, time(), tzinfo=there).astimezone(UTC)


def _refused(snapshot: Snapshot) -> bool:
    return any(
        e.kind is EffectKind.READ_APPOINTMENT
        and e.purpose == JOIN_LINK
        and e.status is EffectStatus.REJECTED
        and e.appointment_id == snapshot.appointment.id
        for e in snapshot.effects
    )
