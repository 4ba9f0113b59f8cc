"""athenahealth's waitlist in Kept's words. Pure (contract section 4.4)."""

from __future__ import annotations

from typing import Any

from campaigns.domain.values import Vendor
from campaigns.vendor_records import WaitlistRecord
from integrations.athenahealth.schemas import WaitlistRow, to_number
from integrations.athenahealth.translate import parse
from integrations.drift.observe import DriftKind, unknown
from integrations.transport.errors import Nonsense

PRIORITIES = {"": "normal", "LOW": "low", "NORMAL": "normal", "HIGH": "high"}
HOURS = range(25)


def entry(row: Any) -> WaitlistRecord:
    """Somebody who waits. A field that is absent means that any will do.

    A wish that cannot be read is never taken for no wish: such an entry is Nonsense.
    """
    fields = parse(WaitlistRow, row)
    if not fields.waitlistid or not fields.patientid:
        raise Nonsense(
            "athenahealth sent an entry of the waitlist without its own id or a patient's."
        )
    return WaitlistRecord(
        external_id=fields.waitlistid,
        patient_external_id=fields.patientid,
        department_external_id=fields.departmentid,
        any_department=bool(fields.allowanydepartment),
        provider_external_id=fields.providerid,
        type_external_id=fields.appointmenttypeid,
        days=tuple(sorted({_iso_day(day) for day in fields.dayofweekids})),
        hour_from=_hour(fields.hourfrom),
        hour_to=_hour(fields.hourto),
        priority=_priority(fields.priority),
        note=fields.note,
    )


def _priority(said: str) -> str:
    """The entry's priority; one that is not known counts as normal, so it calls nobody first or
    last.
    """
    known = PRIORITIES.get(said.upper())
    if known is None:
        unknown(Vendor.ATHENAHEALTH, DriftKind.WAITLIST_PRIORITY, said)
    return known or PRIORITIES[""]


def _iso_day(day: str) -> int:
    """The ISO weekday: athenahealth's 1 is Sunday, ISO's 1 is Monday."""
    number = to_number(day)
    if number is None or not 1 <= number <= 7:
        raise Nonsense("athenahealth sent an entry of the waitlist with an impossible weekday.")
    return (number - 2) % 7 + 1


def _hour(text: str) -> int | None:
    """The hour of 8, "8", "08:00" or "8:30"."""
    if not text:
        return None
    hour = to_number(text.partition(":")[0])
    if hour is None or hour not in HOURS:
        raise Nonsense("athenahealth sent an entry of the waitlist with an impossible hour.")
    return hour
