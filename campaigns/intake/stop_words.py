"""Words of stopping in what patients write: a stop that Relatient did not see, and a CANCEL that it
took for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from campaigns.domain.consents import NO, REPLY
from campaigns.domain.reply_reading import read_answer
from campaigns.domain.values import AppointmentStatus, Channel, ReplyKind, WorkItemKind
from campaigns.intake import consents
from campaigns.local_time import clock, zone_of
from campaigns.models import Appointment, Patient, Response
from campaigns.work_items import about_start, open_item

# So many visits are named in one sentence.
_NAMED = 3


def heed_stop(response: Response, now: datetime, enrollment_id: str = "") -> None:
    """Record the stop that an answer's words ask for, whatever Relatient took it for. The patient's
    lock is held.

    It ends the texts, whichever way it came; that way; and the calls where the words say so. The
    enrollment (Relatient's id) is the one that was answered.
    """
    reading = read_answer(response.raw_text)
    if not reading.stop:
        return
    channels = {Channel.SMS} | ({Channel.VOICE} if reading.calls_too else set())
    if response.channel in set(Channel):
        channels.add(Channel(response.channel))
    for channel in sorted(channels):
        consents.remember(
            response.patient,
            channel,
            NO,
            source=REPLY,
            event_id=f"reply-{response.pk}-{channel.value}",
            at=response.occurred_at,
            now=now,
            seq=response.seq,
            reach=consents.said_from(response.patient, channel, now, enrollment_id),
        )


def ask_about_cancel(patient: Patient, text: str, now: datetime) -> None:
    """Have the desk ask whether an opt-out in words of cancelling means the next visit."""
    reading = read_answer(text)
    if ReplyKind.CANCELLED not in reading.says | reading.denies:
        return
    visits = upcoming_visits([patient.pk], now)
    if not visits:
        return
    visit, *others = visits
    sentence = cancel_as_stop(others)
    kind = WorkItemKind.CANCEL_AS_STOP
    open_item(visit, kind, sentence, now, details=about_start(visit))


def upcoming_visits(patients: Collection[int], now: datetime) -> list[Appointment]:
    """The visits that are still to come, the soonest first; rows of further resources are none of
    their own. One query.
    """
    ahead = Q(starts_at__gt=now) | Q(starts_at__isnull=True, local_start__gt=now)
    rows = Appointment.objects.filter(
        ahead, patient__in=patients, status=AppointmentStatus.SCHEDULED, secondary=False
    )
    visits = rows.select_related("practice", "patient")
    return sorted(visits, key=lambda visit: (visit.starts_at or visit.local_start, visit.pk))


def cancel_as_stop(others: Iterable[Appointment]) -> str:
    """What the desk is told of a CANCEL that ended the texts; `others` are the later visits."""
    asked = (
        "The patient answered CANCEL, which ends the texts and cancels no visit. "
        "Ask whether they mean this visit."
    )
    named = [_when(visit) for visit in others]
    if not named:
        return asked
    more = len(named) - _NAMED
    shown = [*named[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return f"{asked} They also have {_and(shown)}."


def _when(visit: Appointment) -> str:
    """Thu, Mar 12, 2:00 PM, as the chart prints it."""
    zone = visit.time_zone or visit.practice.time_zone
    local = visit.starts_at.astimezone(zone_of(zone)) if visit.starts_at else visit.local_start
    return f"{local:%a, %b} {local.day}, {clock(local)}"


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, ["; ".join(words[:-1]), words[-1]]))
