"""An appointment's record as the columns of its row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Model

from campaigns.domain.values import Confirmation
from campaigns.models import Appointment, ConfirmationStatus, Department, Practice
from campaigns.vendor_records import AppointmentRecord


def columns_of(practice: Practice, record: AppointmentRecord) -> dict[str, Any]:
    """A record as columns: the department's zone makes an instant of the local start.

    A name that is longer than its column is cut: it decides nothing.
    """
    zone = (
        Department.objects.filter(practice=practice, external_id=record.department_external_id)
        .values_list("time_zone", flat=True)
        .first()
    ) or ""
    return {
        "status": record.status,
        "local_start": record.local_start.replace(tzinfo=UTC),
        "starts_at": starts_at(record.local_start, zone),
        "time_zone": zone,
        "duration_minutes": record.duration_minutes,
        "department_external_id": record.department_external_id,
        "provider_external_ids": list(record.provider_external_ids),
        "type_external_id": record.type_external_id,
        "type_name": fitting(Appointment, "type_name", record.type_name),
        "public_type_name": fitting(Appointment, "public_type_name", record.patient_type_name),
        "telehealth": record.telehealth,
        "confirmation": _meaning(practice, record.confirmation_external_id),
        "confirmation_external_id": record.confirmation_external_id,
        "secondary": record.secondary,
        "replaced_by": record.replaced_by,
        "cancel_reason_external_id": record.cancel_reason_external_id,
        "cancelled_by": fitting(Appointment, "cancelled_by", record.cancelled_by),
        "scheduled_at": record.scheduled_at,
        "scheduled_by": fitting(Appointment, "scheduled_by", record.scheduled_by),
        "notes": list(record.notes),
    }


def fitting(model: type[Model], column: str, name: str) -> str:
    """A vendor's name, cut to the length of its column."""
    field = model._meta.get_field(column)
    assert isinstance(field, CharField)
    return name[: field.max_length]


def starts_at(local_start: datetime, zone: str) -> datetime | None:
    """Naive department time as an instant; None while the zone is unknown.

    Of an hour that occurs twice the first is taken; one that the clock skips is moved on by it.
    """
    return local_start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if zone else None


def _meaning(practice: Practice, external_id: str) -> str:
    if not external_id:
        return Confirmation.NONE
    known = ConfirmationStatus.objects.filter(practice=practice, external_id=external_id).first()
    return known.meaning if known else Confirmation.OTHER
