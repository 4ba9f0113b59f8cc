"""The patient's record in athenahealth, and what it means when another one answers, or none.

What a merged-away id answers is not confirmed (docs/vendors/athenahealth.md): the survivor's
record, or 404. Either way the visits go on, under whoever they belong to now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from campaigns.clock import database_now
from campaigns.execution.handlers.call import Call, Completed, read_with_span
from campaigns.intake.chart import take_appointment, take_patient
from campaigns.intake.patient_merges import same_person
from campaigns.look_queue import still_relevant
from campaigns.models import Effect
from campaigns.ports import NOT_FOUND, EhrGateway, Refused
from campaigns.vendor_records import AppointmentRecord, PatientRecord, ReadSpan

MERGED = "patient_merged"
Found = list[tuple[AppointmentRecord, ReadSpan]]


def read(effect: Effect, call: Call) -> Completed:
    """Read the patient's record; another one in its place is the one that it was merged into."""
    ehr, asked = call.ehr(effect.practice), effect.body["patient"]
    try:
        record, span = read_with_span(lambda: ehr.read_patient(asked))
    except Refused as refused:
        if refused.code != NOT_FOUND:
            raise
        return _asked_of_the_visits(effect, ehr, refused)
    if record.external_id == asked:
        return Completed("Read.", _taking(record, span))
    if _ours(effect, record.external_id):
        raise Refused(
            "athenahealth shows an earlier record in this patient's place, which it had merged "
            "into this one. Check the two records there.",
            code=MERGED,
        )
    return Completed(
        "Merged into another record.",
        _taking(record, span, earlier=[asked]),
    )


def _taking(
    record: PatientRecord, span: ReadSpan, earlier: Iterable[str] = ()
) -> Callable[[Effect, datetime], None]:
    """Store the record; the patient's visits are then looked at with the urgency of the read."""

    def take(row: Effect, now: datetime) -> None:
        take_patient(row.practice, record, span, earlier, row.priority)

    return take


def _asked_of_the_visits(effect: Effect, ehr: EhrGateway, refused: Refused) -> Completed:
    """athenahealth has no such record: read the patient's visits, which name the survivor if the
    record was merged; otherwise the refusal stands.
    """
    assert effect.patient is not None
    moved: Found = []
    visits = effect.patient.appointments.filter(still_relevant(database_now())).distinct()
    for visit in visits.order_by("pk").values_list("external_id", flat=True):
        read = _visit(ehr, visit)
        if read is None or _ours(effect, read[0].patient_external_id):
            break
        moved.append(read)
    if not moved:
        raise refused

    def take(row: Effect, now: datetime) -> None:
        for record, span in moved:
            take_appointment(row.practice, record, span, row.priority)

    return Completed("The record is gone; its visits belong to another patient now.", take)


def _visit(ehr: EhrGateway, visit: str) -> tuple[AppointmentRecord, ReadSpan] | None:
    try:
        return read_with_span(lambda: ehr.read_appointment(visit))
    except Refused as refused:
        if refused.code != NOT_FOUND:
            raise
        return None


def _ours(effect: Effect, external_id: str) -> bool:
    return effect.patient is not None and same_person(effect.patient, external_id)
