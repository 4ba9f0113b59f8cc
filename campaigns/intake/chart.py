"""Step 3, take in: what was read becomes rows, and a look becomes due wherever something changed.

The newest read wins. Each read says when it began and ended; it replaces what is stored only if it
began after that one ended. Two that overlap and differ cause another read, and only one that began
after both have ended settles it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import OperationalError, transaction

from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.domain.values import AppointmentStatus
from campaigns.domain.visit_status import ASKED_AGAIN_AFTER
from campaigns.intake.appointment_columns import columns_of, fitting
from campaigns.intake.consents import give_reach
from campaigns.intake.patient_merges import end_merges, lock_with_merged, merge_into, show_apart
from campaigns.locking import lock_patient
from campaigns.look_queue import (
    schedule_look,
    schedule_looks_at_reach,
    schedule_looks_beside,
    schedule_looks_of_patient,
)
from campaigns.models import (
    PROMPT,
    Appointment,
    AppointmentType,
    Patient,
    Practice,
)
from campaigns.models.patient import as_json
from campaigns.vendor_records import AppointmentRecord, PatientRecord, ReadSpan

logger = logging.getLogger(__name__)

# What of a visit bears on the patient's other visits at the same time.
_BESIDE = {"status", "starts_at", "secondary", "patient"}


class Taken(StrEnum):
    """What a row turned out to be."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def take_appointment(
    practice: Practice, record: AppointmentRecord, span: ReadSpan, priority: int = PROMPT
) -> Taken:
    """Take in one appointment as read; a look is due when anything changed."""
    with transaction.atomic():
        patient = _owner(practice, record.patient_external_id, span)
        row = (
            Appointment.objects.select_for_update(of=("self",))
            .filter(practice=practice, external_id=record.external_id)
            .first()
        )
        fields = columns_of(practice, record)
        if row is None:
            return _create(practice, patient, record, fields, span, priority)
        return _update(row, patient, fields, span, priority)


def disbelieve_appointment(
    practice: Practice, external_id: str, what: str, span: ReadSpan, priority: int = PROMPT
) -> bool:
    """A visit's row came back and cannot be understood: what is stored is not believed any more.

    The next look has it read again; a second such read settles it (`unreadable_twice`). `what`
    names the part that cannot be read, in people's words. False when Kept knows no such visit.
    """
    known = Appointment.objects.filter(practice=practice, external_id=external_id)
    found = known.first()
    if found is None:
        return False
    with transaction.atomic():
        lock_patient(found.patient_id)
        row = known.select_for_update(of=("self",)).get()
        if span.ended < row.read_began or (span.began <= row.read_ended and row.unreadable):
            return True
        now = database_now()
        row.unreadable_twice, row.unreadable = bool(row.unreadable), what[:60]
        row.unreadable_since = row.unreadable_since if row.unreadable_twice else now
        row.not_found_at = None
        if row.status == AppointmentStatus.NOT_FOUND:
            # It is there again, as what it was before.
            row.status = AppointmentStatus.SCHEDULED
        # This was the read that somebody asked for: wanted still, it would be asked for for ever.
        row.reread_wanted = row.reread_wanted and span.began <= row.read_ended
        row.read_began = max(row.read_began, span.began)
        row.read_ended = max(row.read_ended, span.ended)
        row.save(
            update_fields=[
                "unreadable",
                "unreadable_twice",
                "unreadable_since",
                "not_found_at",
                "status",
                "reread_wanted",
                "read_began",
                "read_ended",
            ]
        )
        schedule_look(row, now, priority)
        audit_row(
            "appointment.unreadable", row, what=row.unreadable, read_again=row.unreadable_twice
        )
    return True


def miss_appointment(
    practice: Practice, external_id: str, span: ReadSpan, priority: int = PROMPT
) -> bool:
    """A read of a visit was answered with: there is none. False when Kept knows no such visit.

    One such answer ends nothing, since it may be a hiccup: the next looks keep everything as it is
    and ask once more. A second one, ASKED_AGAIN_AFTER later with no row of the visit in between,
    is believed. A row of it, from a read, a list or the feed, makes it a visit again.
    """
    known = Appointment.objects.filter(practice=practice, external_id=external_id)
    found = known.first()
    if found is None:
        return False
    with transaction.atomic():
        lock_patient(found.patient_id)
        row = known.select_for_update(of=("self",)).get()
        first = row.not_found_at
        if span.ended < row.read_began or (span.began <= row.read_ended and first is not None):
            return True
        now = database_now()
        row.reread_wanted = row.reread_wanted and span.began <= row.read_ended
        row.read_began = max(row.read_began, span.began)
        row.read_ended = max(row.read_ended, span.ended)
        if row.status == AppointmentStatus.SCHEDULED:
            if not (first or row.unreadable):
                row.unreadable_since = now
            row.not_found_at, row.unreadable, row.unreadable_twice = first or now, "", False
            if first is not None and span.began - first >= ASKED_AGAIN_AFTER:
                row.status, row.version = AppointmentStatus.NOT_FOUND, row.version + 1
                schedule_looks_beside(row, [row.patient_id], [row.starts_at], now, priority)
        row.save(
            update_fields=[
                "status",
                "version",
                "unreadable",
                "unreadable_twice",
                "unreadable_since",
                "not_found_at",
                "reread_wanted",
                "read_began",
                "read_ended",
            ]
        )
        schedule_look(row, now, priority)
        audit_row("appointment.not_found", row, believed=row.status == AppointmentStatus.NOT_FOUND)
    return True


def _owner(practice: Practice, external_id: str, span: ReadSpan) -> Patient:
    """The patient whose visit was read, locked; perhaps the chart has undone a merge."""
    patient = locked_patient(practice, external_id)
    if patient.external_id == external_id:
        return patient
    show_apart(Patient.objects.get(practice=practice, external_id=external_id), span)
    return locked_patient(practice, external_id)


def locked_patient(practice: Practice, external_id: str) -> Patient:
    """The patient with this id, locked; a stub when nobody has described them yet.

    An id that was merged away leads to the survivor, whoever still uses it.
    """
    patient, _ = Patient.objects.get_or_create(practice=practice, external_id=external_id)
    return lock_patient(patient.pk)


def _create(
    practice: Practice,
    patient: Patient,
    record: AppointmentRecord,
    fields: dict[str, Any],
    span: ReadSpan,
    priority: int,
) -> Taken:
    now = database_now()
    AppointmentType.objects.get_or_create(
        practice=practice,
        external_id=record.type_external_id,
        defaults={
            "name": fitting(AppointmentType, "name", record.type_name),
            "public_name": fitting(AppointmentType, "public_name", record.patient_type_name),
        },
    )
    row = Appointment.objects.create(
        practice=practice,
        patient=patient,
        external_id=record.external_id,
        read_began=span.began,
        read_ended=span.ended,
        first_seen_at=now,
        look_due_at=now,
        look_priority=priority,
        **fields,
    )
    schedule_look(row, now, priority)
    schedule_looks_beside(row, [patient.pk], [row.starts_at], now, priority)
    _after(row, Taken.NEW, now, ["all"], priority)
    return Taken.NEW


def _update(
    row: Appointment, patient: Patient, fields: dict[str, Any], span: ReadSpan, priority: int
) -> Taken:
    if span.ended < row.read_began:
        return Taken.UNCHANGED
    if fields["telehealth"] is None and fields["type_external_id"] == row.type_external_id:
        # Only some of the vendor's lists carry the flag; its absence says nothing. What was said of
        # another type of visit says nothing of this one either.
        fields["telehealth"] = row.telehealth
    fields |= {"unreadable": "", "unreadable_twice": False, "not_found_at": None}
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    if row.patient_id != patient.pk:
        changed.append("patient")
    now, before = database_now(), row.status
    if span.began <= row.read_ended:
        if changed:
            # Nobody can say which of two overlapping reads is newer: read once more, after both.
            row.reread_wanted, row.read_ended = True, max(row.read_ended, span.ended)
            row.save(update_fields=["reread_wanted", "read_ended"])
            schedule_look(row, now, priority)
        return Taken.UNCHANGED
    row.read_began, row.read_ended, row.reread_wanted = span.began, span.ended, False
    if not changed:
        row.save(update_fields=["read_began", "read_ended", "reread_wanted"])
        return Taken.UNCHANGED
    patients, starts = {row.patient_id, patient.pk}, {row.starts_at, fields["starts_at"]}
    for name in fields:
        setattr(row, name, fields[name])
    row.patient = patient
    row.version += 1
    row.save(
        update_fields=[
            *fields,
            "patient",
            "version",
            "read_began",
            "read_ended",
            "reread_wanted",
        ]
    )
    if "patient" in changed and patient.read_ended is not None:
        # Two records may have been merged, and only the new owner's record can say so.
        patient.reread_wanted = True
        patient.save(update_fields=["reread_wanted"])
    schedule_look(row, now, priority)
    if not _BESIDE.isdisjoint(changed):
        schedule_looks_beside(row, patients, starts, now, priority)
    _after(row, Taken.CHANGED, now, changed, priority, before)
    return Taken.CHANGED


def _after(
    row: Appointment,
    taken: Taken,
    now: datetime,
    changed: list[str],
    priority: int,
    before: str = "",
) -> None:
    """Audit the change; a no-show that came, or that staff mended, changes the risk of all the
    patient's visits, so looks become due at them. `before` is the status that was stored.
    """
    if AppointmentStatus.NO_SHOW in (row.status, before):
        schedule_looks_of_patient(row.patient, now, priority)
    audit_row(
        "appointment.observed",
        row,
        **{"as": taken.value},
        columns=sorted(changed),
        status=str(row.status),
    )


def take_patient(
    practice: Practice,
    record: PatientRecord,
    span: ReadSpan,
    earlier: Iterable[str] = (),
    priority: int = PROMPT,
) -> Taken:
    """Take in one patient as read; all their visits are looked at when anything changed.

    What the record's earlier ids stand for is taken over, as is that of `earlier`: ids that were
    answered with this record. A record that was itself merged away describes nobody any more.
    """
    with transaction.atomic():
        merged = Patient.objects.filter(practice=practice, external_id=record.external_id)
        for row in merged.filter(merged_into__isnull=False):
            show_apart(row, span)
        patient, gone = lock_with_merged(
            practice, record.external_id, {*record.previous_external_ids, *earlier}
        )
        for one in gone:
            merge_into(patient, one)
        taken = Taken.UNCHANGED
        if patient.external_id == record.external_id:
            taken = _take_locked(patient, record, span, priority)
            end_merges(patient)
        return Taken.CHANGED if gone and taken is Taken.UNCHANGED else taken


def _take_locked(patient: Patient, record: PatientRecord, span: ReadSpan, priority: int) -> Taken:
    now = database_now()
    first = patient.read_ended is None
    # What was stored before Kept knew of a field lacks it, which is no change in the chart.
    changed = first or as_json(patient.described) != as_json(record)
    if not first and patient.read_ended is not None and patient.read_began is not None:
        if span.ended < patient.read_began:
            return Taken.UNCHANGED
        if span.began <= patient.read_ended:
            if changed:
                patient.reread_wanted = True
                patient.read_ended = max(patient.read_ended, span.ended)
                patient.save(update_fields=["reread_wanted", "read_ended"])
                schedule_looks_of_patient(patient, now, priority)
            return Taken.UNCHANGED
    patient.describe(record)
    patient.read_began, patient.read_ended = span.began, span.ended
    # A reread was requested before the first read had ended (patient_rereads.py): keep the request.
    patient.reread_wanted = first and patient.reread_wanted
    patient.save(
        update_fields=["record", "name", "active", "read_began", "read_ended", "reread_wanted"]
    )
    if not changed:
        return Taken.UNCHANGED
    if first:
        for reach in give_reach(patient, now):
            schedule_looks_at_reach(patient.practice, reach, now, priority)
    schedule_looks_of_patient(patient, now, priority)
    taken = Taken.NEW if first else Taken.CHANGED
    audit_row("patient.observed", patient, **{"as": taken.value})
    return taken


def take_history(
    patient: Patient, records: list[AppointmentRecord], span: ReadSpan, priority: int = PROMPT
) -> None:
    """Take in a patient's past visits; what was read counts as read even when there are none."""
    for record in records:
        try:
            with transaction.atomic():
                take_appointment(patient.practice, record, span, priority)
        except OperationalError:
            raise
        except Exception:
            # One odd visit of the past must not keep the patient from being reminded.
            logger.exception("history_row_not_taken_in", extra={"patient": patient.pk})
    Patient.objects.filter(pk=patient.pk).update(history_began=span.began, history_ended=span.ended)
