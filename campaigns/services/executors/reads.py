"""Reads of athenahealth: executed like any effect, stored, and leading to the next look."""

from __future__ import annotations

from datetime import date

from campaigns.models import Effect
from campaigns.ports import Refused
from campaigns.services.executors.call import Call, Done, timed
from campaigns.services.intake import take_appointment, take_history, take_patient

MERGED = "patient_merged"


def patient(effect: Effect, call: Call) -> Done:
    """Read the patient's record."""
    ehr = call.ehr(effect.practice)
    record, span = timed(lambda: ehr.read_patient(effect.body["patient"]))
    if record.external_id != effect.body["patient"]:
        raise Refused(
            "athenahealth shows another record in this patient's place; the two may have been "
            "merged. Kept goes on when the visit names the other patient.",
            code=MERGED,
        )
    return Done("Read.", lambda row, now: take_patient(row.practice, record, span))


def history(effect: Effect, call: Call) -> Done:
    """Read the patient's visits of the risk window, cancelled ones included."""
    ehr = call.ehr(effect.practice)
    first, last = (date.fromisoformat(effect.body[name]) for name in ("first", "last"))
    rows, span = timed(lambda: list(ehr.read_history(effect.body["patient"], first, last)))
    assert effect.patient is not None
    known = effect.patient
    return Done(f"{len(rows)} visits read.", lambda row, now: take_history(known, rows, span))


def appointment(effect: Effect, call: Call) -> Done:
    """Read one appointment as it is now."""
    ehr = call.ehr(effect.practice)
    record, span = timed(lambda: ehr.read_appointment(effect.body["appointment"]))
    return Done("Read.", lambda row, now: take_appointment(row.practice, record, span))
