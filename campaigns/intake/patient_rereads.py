"""A vendor says that something happened to a patient, and no more: request a read of the patient,
if it bears on a visit.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from campaigns.clock import database_now
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.locking import lock_patient
from campaigns.look_queue import schedule_looks_of_patient
from campaigns.models import Effect, Patient, Practice


class RereadResult(StrEnum):
    """What such a notice led to."""

    STRANGER = "stranger"
    KNOWN = "known"
    MARKED = "marked"


def patient_changed(practice: Practice, external_id: str, told_at: datetime) -> RereadResult:
    """Have a patient read again whose record was last read before `told_at`.

    They are read with the next look at a visit of theirs that is ahead; who has none can wait
    until there is one. Who was never read is read before anything else anyway, unless
    that read has begun already.
    """
    found = Patient.objects.filter(practice=practice, external_id=external_id).first()
    if found is None:
        return RereadResult.STRANGER
    with transaction.atomic():
        patient = lock_patient(found.pk)
        if patient.read_began is None or patient.read_ended is None:
            return _to_be_read_once_more(patient) if _is_being_read(patient) else RereadResult.KNOWN
        if patient.read_began > told_at:
            return RereadResult.KNOWN
        now = database_now()
        # A read that is under way may have been answered before the change: it must not count as
        # the one that is wanted here.
        patient.reread_wanted, patient.read_ended = True, max(patient.read_ended, now)
        patient.save(update_fields=["reread_wanted", "read_ended"])
        schedule_looks_of_patient(patient, now)
    return RereadResult.MARKED


def _is_being_read(patient: Patient) -> bool:
    reads = Effect.objects.filter(patient=patient, kind=EffectKind.READ_PATIENT)
    return reads.filter(status=EffectStatus.CLAIMED).exists()


def _to_be_read_once_more(patient: Patient) -> RereadResult:
    """Request one more read: the first is under way, and may have been answered before
    the change.
    """
    patient.reread_wanted = True
    patient.save(update_fields=["reread_wanted"])
    return RereadResult.MARKED
