"""The link to a video visit as the page of the visit shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.values import AppointmentStatus, Modality
from campaigns.local_time import clock, zone_of
from campaigns.models import Appointment


@dataclass(frozen=True)
class VideoLink:
    """A sentence, and the patient's link where there is one; only for people who may see
    patients.
    """

    sentence: str
    address: str = ""


def video_link_of(row: Appointment, now: datetime) -> VideoLink | None:
    """What to show; None for a visit in person, and once the visit or its day is over."""
    video = row.telehealth or row.route_modality == Modality.TELEHEALTH
    if not video or row.status != AppointmentStatus.SCHEDULED or row.starts_at is None:
        return None
    zone = zone_of(row.time_zone)
    visit, today = row.starts_at.astimezone(zone).date(), now.astimezone(zone).date()
    if today != visit:
        return VideoLink("comes on the day of the visit") if today < visit else None
    read_at = row.join_read_at.astimezone(zone) if row.join_read_at else None
    if read_at is None or read_at.date() != visit:
        return VideoLink("being asked for")
    if not row.join_url:
        return VideoLink(f"athenahealth has none (asked at {clock(read_at)})")
    return VideoLink(f"added {clock(read_at)}", row.join_url)
