"""Enrollments that have to be read again from Relatient."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.coverage import Code
from campaigns.domain.enrollment_states import LIVE
from campaigns.look_queue import schedule_look, schedule_looks
from campaigns.models import BULK, Appointment, Enrollment, Practice


def request_read(row: Enrollment, now: datetime) -> None:
    """Mark one enrollment to be read again, and make the look due; the caller holds the locks."""
    if not row.reread_wanted:
        row.reread_wanted = True
        row.save(update_fields=["reread_wanted"])
        audit_row("enrollment.doubted", row)
    schedule_look(row.appointment, now, BULK)


def request_read_of_all(practice: Practice) -> int:
    """Mark all live enrollments to be read again, after all other work: Relatient lost events."""
    with transaction.atomic():
        rows = Enrollment.objects.filter(practice=practice, status__in=sorted(LIVE)).exclude(
            vendor_id=""
        )
        visits = Appointment.objects.filter(pk__in=list(rows.values_list("appointment", flat=True)))
        # Visits in the order of their ids, then their enrollments, as looks lock them.
        in_order = visits.select_for_update().order_by("pk")
        schedule_looks(visits.filter(pk__in=in_order.values("pk")), database_now(), BULK)
        count = rows.update(reread_wanted=True)
        audit_row("enrollments.doubted", practice, count=count)
        return count


def still_open(enrollments: Iterable[int]) -> int:
    """How many of these still have to be read again, or ended as surplus."""
    unsettled = Q(reread_wanted=True) | Q(surplus=True, status__in=sorted(LIVE))
    return Enrollment.objects.filter(unsettled, pk__in=list(enrollments)).count()


def ended_elsewhere(enrollments: Iterable[int], *, only_work: bool = False) -> int:
    """How many of these turned out to have been ended by somebody else.

    `only_work` counts those that are work for a person: after a restore the others were ended by
    the database that was lost.
    """
    rows = Enrollment.objects.filter(pk__in=list(enrollments), ended_elsewhere=True)
    if only_work:
        rows = rows.filter(appointment__coverage_code=Code.ENDED_ELSEWHERE)
    return rows.count()
