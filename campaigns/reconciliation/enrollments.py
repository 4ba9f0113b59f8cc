"""What Kept holds beside what Relatient lists: each enrollment by itself.

Nothing is sent from here. An enrollment that differs is stored, or marked to be read again, and the
look that becomes due decides. Of two reads the newer one wins; an enrollment that a request of ours
has in hand settles by that request's key and is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.same_text import alike
from campaigns.domain.values import (
    IN_FLIGHT,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    WorkItemKind,
)
from campaigns.enrollments.rereads import request_read
from campaigns.enrollments.status import adopt, gone, mirror
from campaigns.locking import lock_appointments, lock_patient
from campaigns.look_queue import schedule_look
from campaigns.models import BULK, Appointment, Effect, Enrollment, Practice
from campaigns.outbox.queue import supersede
from campaigns.vendor_records import EnrollmentRecord, ReadSpan
from campaigns.work_items import open_item

TAKEN_OVER = (
    "Somebody made an enrollment at Relatient, not Kept. Kept has taken it over and keeps it "
    "up to date. Stop the reminders here if they should not go on."
)
SECOND = (
    "Somebody made a second enrollment at Relatient, not Kept. Kept ends it, so that the patient "
    "is not reminded twice."
)


# How an appointment is found: by our id or by athenahealth's.
Wanted = Mapping[str, int | str]


class Found(StrEnum):
    """What an enrollment of Relatient's list turned out to be."""

    SAME = "same"
    IN_HAND = "in_hand"
    CHANGED = "enrollments_changed"
    TAKEN_OVER = "enrolled_elsewhere"
    SINCE_BACKUP = "enrolled_since_the_backup"
    SECOND = "second_enrollments"
    BESIDE = "beside_ours"
    UNKNOWN_VISIT = "unknown_visits"


@dataclass(frozen=True)
class Compared:
    """One result; `enrollment` is our row of it, of BESIDE the one beside it, 0 where none is."""

    found: Found
    enrollment: int = 0


def not_as_held(
    practice: Practice, records: Sequence[EnrollmentRecord], span: ReadSpan
) -> list[EnrollmentRecord]:
    """The enrollments of a page that need a closer look; the others are stored as read, in one
    statement.
    """
    mine = {
        row.vendor_id: row
        for row in Enrollment.objects.filter(
            practice=practice, vendor_id__in=[record.vendor_id for record in records]
        )
    }
    same = [record for record in records if _is_same(mine.get(record.vendor_id), record)]
    earlier = Q(read_ended__isnull=True) | Q(read_ended__lt=span.began)
    Enrollment.objects.filter(
        earlier, pk__in=[mine[record.vendor_id].pk for record in same]
    ).update(read_began=span.began, read_ended=span.ended)
    known = {record.vendor_id for record in same}
    return [record for record in records if record.vendor_id not in known]


def _is_same(row: Enrollment | None, record: EnrollmentRecord) -> bool:
    return (
        row is not None
        and row.status == EnrollmentStatus.ACTIVE
        and row.campaign == record.campaign
        and alike(row.vendor_state, record.vendor_state)
    )


def compare(
    practice: Practice,
    record: EnrollmentRecord,
    span: ReadSpan,
    *,
    ours_is_active: bool = False,
    lost_since: datetime | None = None,
) -> Compared:
    """Compare one active enrollment of Relatient's with what Kept has, and take it in.

    BESIDE names our own enrollment of the same visit: the caller reads it afresh (`take_in`) and
    asks again with `ours_is_active` if it was. After a restore `lost_since` is the time of the
    backup: what was made since is taken for ours, and is no work for a person.
    """
    with transaction.atomic():
        row = Enrollment.objects.filter(practice=practice, vendor_id=record.vendor_id).first()
        visit = record.appointment_external_id
        wanted: Wanted = {"pk": row.appointment_id} if row is not None else {"external_id": visit}
        appointment = _locked(practice, wanted)
        if appointment is None:
            return Compared(Found.UNKNOWN_VISIT)
        if row is not None:
            row.refresh_from_db()
            if row.status in LIVE:
                return _known(row, record, span)
            if _ended_since(row, span):
                return Compared(Found.IN_HAND, row.pk)
        lost = lost_since is not None and record.created_at >= lost_since
        return _stranger(appointment, record, span, ours_is_active, lost)


def _locked(practice: Practice, wanted: Wanted) -> Appointment | None:
    row = Appointment.objects.filter(practice=practice, **wanted).first()
    if row is None:
        return None
    lock_patient(row.patient_id)
    return lock_appointments([row.pk])[row.pk]


def _known(row: Enrollment, record: EnrollmentRecord, span: ReadSpan) -> Compared:
    """Compare one of ours that is live; if Relatient holds something else, have it read again."""
    older = row.read_began is not None and span.ended < row.read_began
    busy = row.surplus or row.status != EnrollmentStatus.ACTIVE or _in_hand(row)
    if older or busy:
        return Compared(Found.IN_HAND, row.pk)
    if _is_same(row, record):
        return Compared(Found.SAME, row.pk)
    request_read(row, database_now())
    return Compared(Found.CHANGED, row.pk)


def _in_hand(row: Enrollment) -> bool:
    return Effect.objects.filter(enrollment=row, status__in=IN_FLIGHT).exists()


def _ended_since(row: Enrollment, span: ReadSpan) -> bool:
    """Whether it ended, or was read, after the list was asked for: then what Kept has is newer."""
    moments = [moment for moment in (row.ended_at, row.read_ended) if moment is not None]
    return _in_hand(row) or any(moment >= span.began for moment in moments)


def _stranger(
    appointment: Appointment,
    record: EnrollmentRecord,
    span: ReadSpan,
    ours_is_active: bool,
    lost: bool,
) -> Compared:
    """Adopt an enrollment that Kept did not make, or has given up, unless ours is being made."""
    live = appointment.enrollments.filter(status__in=sorted(LIVE), surplus=False).first()
    making = Effect.objects.filter(
        appointment=appointment, kind=EffectKind.ENROLL, status__in=IN_FLIGHT
    )
    if lost and live is not None and not making.exists() and _not_yet_asked_for(live):
        live = None
    if making.exists() or (live is not None and live.status != EnrollmentStatus.ACTIVE):
        return Compared(Found.IN_HAND)
    if live is not None and not ours_is_active:
        return Compared(Found.IN_HAND) if _in_hand(live) else Compared(Found.BESIDE, live.pk)
    now = database_now()
    adopted = adopt(appointment, record, span, surplus=live is not None)
    schedule_look(appointment, now, BULK)
    if lost and not adopted.surplus:
        return Compared(Found.SINCE_BACKUP, adopted.pk)
    sentence = SECOND if adopted.surplus else TAKEN_OVER
    open_item(appointment, WorkItemKind.ENROLLED_ELSEWHERE, sentence, now)
    return Compared(Found.SECOND if adopted.surplus else Found.TAKEN_OVER, adopted.pk)


def _not_yet_asked_for(live: Enrollment) -> bool:
    """Drop an enrollment that was only planned: the lost database has asked for it since."""
    if live.status != EnrollmentStatus.WANTED:
        return False
    now = database_now()
    for effect in live.effects.filter(kind=EffectKind.ENROLL, status=EffectStatus.QUEUED):
        supersede(effect, now)
    live.refresh_from_db()
    return live.status != EnrollmentStatus.WANTED


def take_in(enrollment_id: int, record: EnrollmentRecord | None, span: ReadSpan) -> bool:
    """Take in one of ours as just read (None: Relatient does not know it); whether it is active."""
    with transaction.atomic():
        row = Enrollment.objects.select_related("practice", "appointment", "patient").get(
            pk=enrollment_id
        )
        _locked(row.practice, {"pk": row.appointment_id})
        row.refresh_from_db()
        newer = row.read_ended is None or row.read_ended < span.began
        if row.status != EnrollmentStatus.ACTIVE or not newer or _in_hand(row):
            return False
        now = database_now()
        if record is None:
            gone(row, now, span)
        else:
            mirror(row, record, now, span=span)
        schedule_look(row.appointment, now, BULK)
        return bool(row.status == EnrollmentStatus.ACTIVE)


def not_listed(
    practice: Practice, first: date, last: date, listed: Collection[int], listed_from: datetime
) -> list[int]:
    """Have ours of these dates read again that Relatient did not list as active; their ids.

    `listed` are those of the list that do not count as read by it. An enrollment that was made,
    changed or read after the list was begun may be missing from it.
    """
    unread = Q(read_ended__isnull=True) & Q(created_at__lt=listed_from)
    rows = Enrollment.objects.filter(
        unread | Q(read_ended__lt=listed_from),
        practice=practice,
        status=EnrollmentStatus.ACTIVE,
        surplus=False,
        appointment__local_start__date__gte=first,
        appointment__local_start__date__lte=last,
    ).exclude(vendor_id="")
    found = rows.order_by("pk").values_list("pk", flat=True)
    return [pk for pk in found if pk not in listed and _missing(pk, listed_from)]


def unclear_ends(
    practice: Practice, first: date, last: date, listed: Collection[int]
) -> QuerySet[Effect]:
    """The parked cancellations of enrollments of these dates that Relatient did not list as active:
    it did what was asked, and the next try finds that out.
    """
    return Effect.objects.filter(
        practice=practice,
        kind=EffectKind.CANCEL_ENROLLMENT,
        status=EffectStatus.PARKED,
        appointment__local_start__date__gte=first,
        appointment__local_start__date__lte=last,
    ).exclude(enrollment__in=listed)


def _missing(enrollment_id: int, listed_from: datetime) -> bool:
    with transaction.atomic():
        row = Enrollment.objects.select_related("practice", "appointment", "patient").get(
            pk=enrollment_id
        )
        _locked(row.practice, {"pk": row.appointment_id})
        row.refresh_from_db()
        read_since = row.read_ended is not None and row.read_ended >= listed_from
        if row.status != EnrollmentStatus.ACTIVE or read_since or _in_hand(row):
            return False
        request_read(row, database_now())
        return True
