"""Who of those that wait for an earlier visit could take a slot that has opened. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

RANKS = {"high": 0, "normal": 1, "low": 2}


@dataclass(frozen=True)
class Slot:
    """An open slot; `local_start` is department time, `patient` whoever has just cancelled."""

    patient: str
    type_id: str
    department_id: str
    provider_ids: tuple[str, ...]
    local_start: datetime


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits for an earlier visit; empty ids and days mean that any will do.

    `days` are ISO weekdays (1 is Monday), hours are local, `hour_to` included; `priority` is
    low, normal or high.
    """

    external_id: str
    patient_external_id: str
    department_external_id: str = ""
    any_department: bool = False
    provider_external_id: str = ""
    type_external_id: str = ""
    days: tuple[int, ...] = ()
    hour_from: int | None = None
    hour_to: int | None = None
    priority: str = "normal"
    note: str = ""


Entry = TypeVar("Entry", bound=Waiting)


def candidates(slot: Slot, entries: Iterable[Entry]) -> list[Entry]:
    """Whom the slot suits, in the order in which to call them, everybody once.

    The more urgent come first; among equals whoever was put on the list first.
    """
    fitting: dict[str, Entry] = {}
    for entry in sorted((e for e in entries if fits(slot, e)), key=_turn):
        fitting.setdefault(entry.patient_external_id, entry)
    return list(fitting.values())


def fits(slot: Slot, entry: Waiting) -> bool:
    """Whether this slot is what somebody waits for."""
    return (
        entry.patient_external_id != slot.patient
        and entry.type_external_id in ("", slot.type_id)
        and (not entry.provider_external_id or entry.provider_external_id in slot.provider_ids)
        and (entry.any_department or entry.department_external_id in ("", slot.department_id))
        and (not entry.days or slot.local_start.isoweekday() in entry.days)
        and (entry.hour_from is None or entry.hour_from <= slot.local_start.hour)
        and (entry.hour_to is None or slot.local_start.hour <= entry.hour_to)
    )


def _turn(entry: Waiting) -> tuple[int, int, str]:
    # athenahealth counts its entries up: of two numbers the shorter is the earlier.
    return RANKS.get(entry.priority, RANKS["normal"]), len(entry.external_id), entry.external_id
