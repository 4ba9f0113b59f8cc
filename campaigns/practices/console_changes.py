"""What staff change in the console: stored, audited, and looked at again, in one transaction.

The caller has changed the row inside the same transaction (the console's is open while it saves).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit.recorder import audit_row
from campaigns.intake.appointment_columns import starts_at
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.models import Appointment, AppointmentType, Department, Practice

_CHUNK = 500


def type_changed(kind: AppointmentType, columns: Iterable[str]) -> None:
    """Audit that staff decided something else about a type, and make looks due at the
    visits ahead.
    """
    with transaction.atomic():
        about: dict[str, Any] = {"type": kind.external_id, "changed": sorted(columns)}
        audit_row("appointment_type.updated", kind, **about)
        schedule_upcoming_looks(kind.practice)


def practice_saved(practice: Practice, what: str, columns: Iterable[str] = ()) -> None:
    """Audit that a practice was `created`, `renamed` or switched on or off; settings.py audits
    settings.
    """
    with transaction.atomic():
        about = {"changed": sorted(columns)}
        audit_row(f"practice.{what}", practice, **about)


def time_zone_set(department: Department) -> int:
    """Store a department's zone that a person chose; from then on no vendor's word changes it."""
    department.time_zone_set_by_hand = True
    return time_zone_changed(department)


def time_zone_changed(department: Department) -> int:
    """Store a department's zone, and what the start times of its visits mean now.

    Returns how many visits start at another moment than before.
    """
    return retried(lambda: _change_time_zone(department))


def _change_time_zone(department: Department) -> int:
    with transaction.atomic():
        department.save(update_fields=["time_zone", "time_zone_set_by_hand"])
        visits = Appointment.objects.filter(
            practice=department.practice, department_external_id=department.external_id
        )
        moved = _restart(visits, department.time_zone)
        audit_row(
            "department.time_zone_set",
            department,
            department_id=department.external_id,
            time_zone=department.time_zone,
            visits=moved,
        )
        schedule_upcoming_looks(department.practice)
        return moved


def _restart(visits: QuerySet[Appointment], zone: str) -> int:
    changed = []
    needed = visits.only("local_start", "starts_at", "time_zone", "version")
    for row in needed.select_for_update().order_by("pk"):
        moment = starts_at(row.local_start.replace(tzinfo=None), zone)
        if (row.starts_at, row.time_zone) != (moment, zone):
            row.starts_at, row.time_zone = moment, zone
            row.version += 1
            changed.append(row)
    Appointment.objects.bulk_update(
        changed, ["starts_at", "time_zone", "version"], batch_size=_CHUNK
    )
    return len(changed)
