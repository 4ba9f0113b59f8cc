"""Visits that Kept holds as scheduled and that athenahealth's own list lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.values import AppointmentStatus
from campaigns.locking import lock_appointments, lock_patient
from campaigns.look_queue import schedule_look
from campaigns.models import BULK, Appointment, Practice


def not_listed(
    practice: Practice,
    first: date,
    last: date,
    departments: Collection[str],
    listed: Collection[str],
    began: datetime,
) -> list[int]:
    """Have the visits read again that are missing in a list of these dates; our ids of them.

    `began` is when the list was asked for: a visit that was read since may be missing from it.
    """
    rows = Appointment.objects.filter(
        practice=practice,
        status=AppointmentStatus.SCHEDULED,
        local_start__date__gte=first,
        local_start__date__lte=last,
        read_ended__lt=began,
    )
    if departments:
        # The list was asked for the visits of these departments alone.
        rows = rows.filter(department_external_id__in=departments)
    found = rows.order_by("pk").values_list("pk", "external_id")
    return [pk for pk, external in found if external not in listed and _request_read(pk, began)]


def _request_read(appointment_id: int, began: datetime) -> bool:
    with transaction.atomic():
        lock_patient(
            Appointment.objects.values_list("patient_id", flat=True).get(pk=appointment_id)
        )
        row = lock_appointments([appointment_id])[appointment_id]
        if row.status != AppointmentStatus.SCHEDULED or row.read_ended >= began:
            return False
        if not row.reread_wanted:
            row.reread_wanted = True
            row.save(update_fields=["reread_wanted"])
            audit_row("appointment.doubted", row)
        schedule_look(row, database_now(), BULK)
        return True


def still_open(appointments: Iterable[int]) -> int:
    """How many of these are still to be read again."""
    return Appointment.objects.filter(pk__in=list(appointments), reread_wanted=True).count()
