"""Merged patients: what was known of the record that is gone belongs to the one that stays.

athenahealth names on the survivor's record the ids that were merged into it. Visits, answers,
consents and the effects about a visit go to the survivor, so that no-shows, opt-outs and work
follow. What belongs to the old record at Relatient stays with it: `Enrollment.patient` says under
whose record there an enrollment was made (it goes on, and is updated by its own id), and an effect
about the old record as a whole keeps its own lane until it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.effects import PATIENT_KINDS
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.intake.consents import keep_noes
from campaigns.locking import lock_appointments
from campaigns.look_queue import schedule_looks_of_patient
from campaigns.models import ConsentEvent, Effect, Patient, Practice, Response
from campaigns.outbox.queue import supersede
from campaigns.ports import NOT_FOUND


def lock_with_merged(
    practice: Practice, external_id: str, earlier: Iterable[str]
) -> tuple[Patient, list[Patient]]:
    """The patient with this id, or who they were merged into, and those still to be merged in.

    All are locked in the order of their rows. An earlier id that nobody has used yet gets a row,
    so that whatever names it later lands at the survivor.
    """
    survivor = _survivor(_row(practice, external_id))
    others = [_row(practice, other) for other in sorted(set(earlier) - {external_id, ""})]
    ids = {row.pk for row in others if row.merged_into_id is None} | {survivor.pk}
    locked = Patient.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    rows = {row.pk: row for row in locked}
    if rows[survivor.pk].merged_into_id is not None:
        # Another process merged the survivor itself before we had the lock.
        return lock_with_merged(practice, external_id, earlier)
    patient = rows.pop(survivor.pk)
    return patient, [row for row in rows.values() if row.merged_into_id is None]


def same_person(patient: Patient, external_id: str) -> bool:
    """Whether an id stands for this patient: their own, or one that was merged into it."""
    mine = Patient.objects.filter(practice=patient.practice_id, external_id=external_id)
    return mine.filter(Q(pk=patient.pk) | Q(merged_into=patient.pk)).exists()


def merge_into(survivor: Patient, gone: Patient) -> None:
    """Move everything of the merged record to the survivor; the caller holds the locks of both."""
    now = database_now()
    _drop_what_is_moot(gone, now)
    keep_noes(survivor, gone, now)
    moved = _move(survivor, gone)
    gone.merged_into, gone.reread_wanted = survivor, False
    gone.save(update_fields=["merged_into", "reread_wanted"])
    # One step leads from any earlier id to the survivor, however long the chain of merges.
    Patient.objects.filter(merged_into=gone).update(merged_into=survivor)
    if survivor.history_ended is not None:
        # Their past visits were read before the other's belonged to them.
        survivor.history_began = survivor.history_ended = None
        survivor.save(update_fields=["history_began", "history_ended"])
    schedule_looks_of_patient(survivor, now)
    audit(
        "patient.merged",
        practice=survivor.practice.external_id,
        subject=("patient", gone.pk),
        patient=survivor.external_id,
        detail={"earlier": gone.external_id, **moved},
    )


def _row(practice: Practice, external_id: str) -> Patient:
    row, _ = Patient.objects.get_or_create(practice=practice, external_id=external_id)
    return row


def _survivor(patient: Patient) -> Patient:
    while patient.merged_into is not None:
        patient = patient.merged_into
    return patient


def _drop_what_is_moot(gone: Patient, now: datetime) -> None:
    """Nobody waits any more for the old record to be read or sent; one on its way ends by itself.

    A desk task that was refused because the old id is gone is asked for anew, under the new one.
    """
    waiting = Q(kind__in=PATIENT_KINDS, status__in=[EffectStatus.QUEUED, EffectStatus.REJECTED])
    unfiled = Q(kind=EffectKind.PATIENT_CASE, status=EffectStatus.REJECTED, code=NOT_FOUND)
    for effect in Effect.objects.filter(waiting | unfiled, patient=gone):
        supersede(effect, now)


def _move(survivor: Patient, gone: Patient) -> dict[str, int]:
    """Point visits, answers, consents and the effects about visits at the survivor; how many."""
    visits = gone.appointments.all()
    lock_appointments(visits.values_list("pk", flat=True))
    effects = Effect.objects.filter(patient=gone, appointment__isnull=False)
    rows = {
        "visits": visits,
        "answers": Response.objects.filter(patient=gone),
        "consents": ConsentEvent.objects.filter(patient=gone),
        "effects": effects.exclude(kind__in=PATIENT_KINDS),
    }
    return {what: found.update(patient=survivor) for what, found in rows.items()}
