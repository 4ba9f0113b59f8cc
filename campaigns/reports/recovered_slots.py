"""Slots that a patient's answer freed and that somebody else then booked and kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.domain.values import AppointmentStatus, ReplyKind, ReplyOutcome
from campaigns.models import Appointment, AppointmentType, Practice, Response
from campaigns.reports.clinic_days import between
from campaigns.reports.outcomes import KEPT

Slot = tuple[datetime, str, str]


@dataclass(frozen=True)
class Recovered:
    """One type: slots that were kept after all, times the practice's own value of such a visit."""

    name: str
    slots: int
    value: Decimal | None

    @property
    def revenue(self) -> Decimal | None:
        """None while nobody said what such a visit is worth."""
        return None if self.value is None else self.slots * self.value


def recovered(practice: Practice, weeks: int, now: datetime) -> list[Recovered]:
    """By type of the visit that was kept. Three queries.

    The same start, department and first provider; booked by another patient after Kept had
    written the cancellation to the chart; and that patient came.
    """
    freed = _freed(practice, weeks, now)
    kept = Appointment.objects.filter(
        between([practice], now, -7 * weeks, -1),
        status__in=KEPT,
        scheduled_at__isnull=False,
        starts_at__in={slot[0] for slot in freed},
    ).order_by("scheduled_at")
    counted: Counter[str] = Counter()
    for row in kept.values(*_SLOT, "scheduled_at", "type_external_id", "patient_id"):
        slot = _slot(row)
        if slot in freed and _another(row, *freed[slot]):
            counted[row["type_external_id"]] += 1
            # A slot is refilled once.
            del freed[slot]
    types = AppointmentType.objects.filter(practice=practice, external_id__in=counted)
    worth = {id_: (name, value) for id_, name, value in types.values_list(*_WORTH)}
    rows = [Recovered(*_named(worth, type_id, slots)) for type_id, slots in counted.items()]
    return sorted(rows, key=lambda row: (-row.slots, row.name))


_SLOT = ("starts_at", "department_external_id", "provider_external_ids")
_WORTH = ("external_id", "name", "visit_value")


def _another(kept: Any, freed_at: datetime, patient: int) -> bool:
    """Whether somebody else took the slot, after it was free."""
    return bool(kept["scheduled_at"] > freed_at and kept["patient_id"] != patient)


def _freed(practice: Practice, weeks: int, now: datetime) -> dict[Slot, tuple[datetime, int]]:
    answers = (
        Response.objects.filter(
            between([practice], now, -7 * weeks, -1, "appointment__"),
            kind=ReplyKind.CANCELLED,
            outcome=ReplyOutcome.APPLIED,
            appointment__status=AppointmentStatus.CANCELLED,
            appointment__starts_at__isnull=False,
        )
        .order_by("-settled_at")
        .values("settled_at", "patient_id", *(f"appointment__{name}" for name in _SLOT))
    )
    # The earliest cancellation of a slot is the one that freed it.
    return {_slot(row, "appointment__"): (row["settled_at"], row["patient_id"]) for row in answers}


def _slot(row: Any, path: str = "") -> Slot:
    providers = row[f"{path}provider_external_ids"]
    first = str(providers[0]) if providers else ""
    return row[f"{path}starts_at"], row[f"{path}department_external_id"], first


def _named(
    worth: dict[str, tuple[str, Decimal | None]], type_id: str, slots: int
) -> tuple[str, int, Decimal | None]:
    name, value = worth.get(type_id, (f"type {type_id}", None))
    return name, slots, value
