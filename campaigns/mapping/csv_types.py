"""What staff decide per appointment type, as CSV: read, written, and taken over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction

from audit.recorder import audit_row
from campaigns.domain.values import Modality, OnCancel
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.mapping.csv_format import (
    BadCell,
    BadHeading,
    Changes,
    Line,
    LineError,
    lines_of,
    shape_of,
    written,
)
from campaigns.models import AppointmentType, Practice

COLUMNS = ("appointment_type_id", "modality", "confidential", "on_cancel", "visit_value")
DECIDED = ("modality", "confidential", "on_cancel", "visit_value")
MOST_VALUABLE = Decimal("9999999.99")


@dataclass(frozen=True)
class TypeLine:
    """What staff decide about one type."""

    row: AppointmentType
    modality: str
    confidential: bool
    on_cancel: str
    visit_value: Decimal | None


def read_types(practice: Practice, text: str) -> tuple[list[TypeLine], list[LineError]]:
    """The types of a file, and what is wrong with it; with any error, nothing may be taken over."""
    known = {row.external_id: row for row in AppointmentType.objects.filter(practice=practice)}
    found: list[TypeLine] = []
    errors: list[LineError] = []
    lines_seen: dict[int, int] = {}
    try:
        for line in lines_of(text, COLUMNS):
            try:
                one = _type(line, known)
                if one.row.pk in lines_seen:
                    raise BadCell(f"the same type as in line {lines_seen[one.row.pk]}")
                lines_seen[one.row.pk] = line.number
                found.append(one)
            except BadCell as objection:
                errors.append(LineError(line.number, str(objection)))
    except BadHeading as objection:
        errors.append(LineError(1, str(objection)))
    return found, errors


def _type(line: Line, known: dict[str, AppointmentType]) -> TypeLine:
    shape_of(line)
    row = known.get(line.cells["appointment_type_id"])
    if row is None:
        type_id = line.cells["appointment_type_id"]
        raise BadCell(f"the practice has no appointment type {type_id!r}")
    return TypeLine(
        row,
        line.one_of("modality", [modality.value for modality in Modality]),
        line.flag("confidential", empty=False),
        line.one_of("on_cancel", [*(choice.value for choice in OnCancel), ""]),
        _value(line.cells["visit_value"]),
    )


def _value(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadCell(f"visit_value {text!r}: a number such as 180 is needed") from error
    if not value.is_finite() or not 0 <= value <= MOST_VALUABLE:
        raise BadCell(f"visit_value {text!r}: from 0 to {MOST_VALUABLE}")
    return value.quantize(Decimal("0.01"))


def version_of_types(rows: Iterable[AppointmentType]) -> str:
    """A digest of what is decided of these types: another one once somebody changes it."""
    text = repr(sorted((row.pk, *_as_audit_list(row)) for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def apply_types(
    practice: Practice,
    lines: Sequence[TypeLine],
    guard: Callable[[Iterable[AppointmentType]], None] = lambda rows: None,
) -> Changes:
    """Store what staff decided, in one transaction, each change with its audit event.

    `guard` is called first, with the rows of all lines as they are stored; nobody else can change
    them any more. It may raise.
    """
    return retried(lambda: _apply_all(practice, lines, guard))


def _apply_all(
    practice: Practice,
    lines: Sequence[TypeLine],
    guard: Callable[[Iterable[AppointmentType]], None],
) -> Changes:
    changes = Changes()
    with transaction.atomic():
        locked = AppointmentType.objects.select_for_update().order_by("pk")
        rows = {row.pk: row for row in locked.filter(pk__in=[line.row.pk for line in lines])}
        guard(rows.values())
        for line in lines:
            if _apply(practice, rows[line.row.pk], line):
                changes.updated += 1
            else:
                changes.unchanged += 1
        if changes.any:
            schedule_upcoming_looks(practice)
    return changes


def _apply(practice: Practice, row: AppointmentType, line: TypeLine) -> bool:
    before = _as_audit_list(row)
    for name in DECIDED:
        setattr(row, name, getattr(line, name))
    if _as_audit_list(row) == before:
        return False
    row.save(update_fields=list(DECIDED))
    audit_row(
        "appointment_type.updated",
        row,
        type=row.external_id,
        decided=_as_audit_list(row),
        before=before,
    )
    return True


def _as_audit_list(row: AppointmentType) -> list[str]:
    value = "" if row.visit_value is None else f"{row.visit_value.normalize():f}"
    return [row.modality, str(row.confidential).lower(), row.on_cancel, value]


def write_types(practice: Practice) -> str:
    """The practice's types as a file that read_types takes back unchanged."""
    rows = AppointmentType.objects.filter(practice=practice).order_by("external_id")
    return written(COLUMNS, [(row.external_id, *_as_audit_list(row)) for row in rows])
