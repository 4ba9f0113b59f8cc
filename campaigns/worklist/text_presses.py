"""The two presses about texts that stand beside a patient's reply: *Stop the texts*, and *They
still want texts*, which takes a stop back that Kept or a colleague has recorded.

A stop that the patient gave to Relatient itself only the patient can end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from django.db import transaction

from audit.context import acting_as
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.consents import NO, REPLY, STAFF, YES
from campaigns.domain.values import Channel, WorkItemKind
from campaigns.intake import consents
from campaigns.locking import lock_patient, retried
from campaigns.models import ConsentEvent, Patient, Response, WorkItem
from campaigns.phone_calls.history import called
from campaigns.work_items import close_item

OFFERED_AT = frozenset({WorkItemKind.UNRECOGNIZED_REPLY, WorkItemKind.STOP_IN_WORDS})


class Press(StrEnum):
    """What can be pressed beside a reply."""

    STOP = "stop"
    STILL_WANTED = "still_wanted"


def presses_of(items: Collection[WorkItem]) -> dict[int, Press]:
    """What can be pressed beside each of these items, by the item's id; one query."""
    replies = {item.pk: item.response for item in items if item.kind in OFFERED_AT}
    written = {pk: reply for pk, reply in replies.items() if reply is not None}
    newest = _newest_words({reply.patient_id for reply in written.values()})
    found = {pk: _press(reply, newest) for pk, reply in written.items()}
    stops = {item.pk for item in items if item.kind == WorkItemKind.STOP_IN_WORDS}
    # Beside the item about a stop, a new one is not offered once that is taken back.
    return {
        pk: press
        for pk, press in found.items()
        if press is not None and not (press is Press.STOP and pk in stops)
    }


_Newest = dict[tuple[int, str], ConsentEvent]


def _newest_words(patients: Iterable[int]) -> _Newest:
    """The newest word of each patient on each channel; of a yes and a no at once the no counts."""
    words = ConsentEvent.objects.filter(patient__in=set(patients))
    by_time = sorted(words, key=lambda word: (word.at, word.seq, word.state == NO))
    return {(word.patient_id, word.channel): word for word in by_time}


def _press(reply: Response, newest: _Newest) -> Press | None:
    word = newest.get((reply.patient_id, Channel.SMS))
    if word is None or word.state == YES:
        return Press.STOP
    return Press.STILL_WANTED if _ours(word) else None


def _ours(word: ConsentEvent) -> bool:
    """Whether Kept read the word from a reply, or a colleague said it."""
    return word.source == REPLY or word.source.startswith(STAFF)


def stop_texts(item: WorkItem, user: Any) -> bool:
    """Record that the writer of a reply wants no more texts; False when that is so already."""
    return _record(item, user, Press.STOP)


def still_want_texts(item: WorkItem, user: Any) -> bool:
    """Take back the stop that was read from a reply, or pressed; False when there is none of them.

    The item about such a stop closes.
    """
    return _record(item, user, Press.STILL_WANTED)


def _record(item: WorkItem, user: Any, press: Press) -> bool:
    reply = item.response
    if reply is None or item.kind not in OFFERED_AT:
        return False
    # It marks the visits of others who are written to at that number, as a stop of theirs does.
    return retried(lambda: _record_locked(item, reply, user, press))


def _record_locked(item: WorkItem, reply: Response, user: Any, press: Press) -> bool:
    with transaction.atomic(), acting_as(user=user):
        patient = lock_patient(reply.patient_id)
        now, newest = database_now(), _newest_words([reply.patient_id])
        if _press(reply, newest) is not press:
            return False
        channels = {Channel.SMS: consents.said_from(patient, Channel.SMS, now)}
        if press is Press.STILL_WANTED:
            ours = (newest.get((reply.patient_id, channel)) for channel in Channel)
            noes = (word for word in ours if word is not None and word.state == NO)
            # What ended together (texts and calls at a wrong number) begins again together, and
            # where it ended.
            channels = {Channel(word.channel): word.reach for word in noes if _ours(word)}
        for channel, reach in channels.items():
            _remember(patient, channel, press, user, now, reach)
        open_item = WorkItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if item.kind == WorkItemKind.STOP_IN_WORDS and open_item.closed_at is None:
            close_item(open_item, now)
        doorbell.ring()
        return True


def _remember(
    patient: Patient, channel: Channel, press: Press, user: Any, now: datetime, reach: str
) -> None:
    consents.remember(
        patient,
        channel,
        NO if press is Press.STOP else YES,
        source=f"{STAFF}, {called(user)}"[:80],
        event_id=f"desk-{uuid4()}",
        at=now,
        now=now,
        reach=reach,
    )
