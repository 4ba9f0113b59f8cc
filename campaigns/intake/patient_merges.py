"""Merged patients: what was known of the record that is gone belongs to the one that stays.

athenahealth names on the survivor's record the ids that were merged into it. Visits, answers,
consents and the effects about a visit go to the survivor, so that no-shows, opt-outs and work
follow. What belongs to the old record at Relatient stays with it: `Enrollment.patient` says under
whose record there an enrollment was made (it goes on, and is updated by its own id), and an effect
about the old record as a whole keeps its own lane until it has ended.

A merge may be undone there. Two things say so, both read since the merge: the chart shows the old
record by itself again, as a record or as the owner of a visit, and the survivor's record does not
name it. Then they are two again: visits belong to whom the chart says, each keeps the consents that
were theirs, and what was said in between stays with the survivor (and holds for its number).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q

from audit.recorder import audit_row
from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.effects import PATIENT_KINDS
from campaigns.domain.values import EffectKind, EffectStatus
from campaigns.intake.consents import keep_noes
from campaigns.locking import lock_appointments
from campaigns.look_queue import schedule_looks_of_patient, still_relevant
from campaigns.models import Appointment, ConsentEvent, Effect, Patient, Practice, Response
from campaigns.outbox.queue import supersede
from campaigns.ports import NOT_FOUND
from campaigns.vendor_records import ReadSpan


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
    kept = {
        "answers": list(gone.responses.values_list("pk", flat=True)),
        "consents": list(gone.consents.values_list("pk", flat=True)),
    }
    moved = _move(survivor, gone)
    gone.merged_into, gone.reread_wanted = survivor, False
    gone.merged_at, gone.merged_rows = now, kept
    gone.save(update_fields=["merged_into", "reread_wanted", "merged_at", "merged_rows"])
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


def show_apart(gone: Patient, span: ReadSpan) -> None:
    """The chart shows a merged record by itself: end the merge, or have the survivor read, whose
    record says whether it still holds.
    """
    into = gone.merged_into_id
    assert into is not None
    # The survivor first, as everywhere else where a merged record is locked.
    rows = Patient.objects.select_for_update(of=("self",))
    survivor, gone = rows.get(pk=into), rows.get(pk=gone.pk)
    # A read from before the merge says nothing.
    if gone.merged_into_id != into or gone.merged_at is None or span.began <= gone.merged_at:
        return
    gone.seen_apart_at = max(filter(None, [gone.seen_apart_at, span.began]))
    gone.save(update_fields=["seen_apart_at"])
    if not end_merges(survivor) and not _read_since(survivor, gone.seen_apart_at):
        survivor.reread_wanted = True
        survivor.save(update_fields=["reread_wanted"])
        schedule_looks_of_patient(survivor, database_now())


def end_merges(survivor: Patient) -> bool:
    """End the merges into a patient that were undone in the chart; whether there was one. The
    caller holds the survivor's lock.
    """
    apart = Patient.objects.filter(merged_into=survivor, seen_apart_at__gt=F("merged_at"))
    named = set(survivor.described.previous_external_ids)
    undone = [
        gone
        for gone in apart.select_for_update(of=("self",)).order_by("pk")
        if gone.external_id not in named and _read_since(survivor, gone.merged_at)
    ]
    for gone in undone:
        _end_merge(survivor, gone)
    return bool(undone)


def _read_since(patient: Patient, moment: datetime | None) -> bool:
    began = patient.read_began
    return began is not None and moment is not None and began > moment


def _end_merge(survivor: Patient, gone: Patient) -> None:
    now, mine = database_now(), gone.merged_rows
    Response.objects.filter(pk__in=mine.get("answers", [])).update(patient=gone)
    ConsentEvent.objects.filter(pk__in=mine.get("consents", [])).update(patient=gone)
    # Who had been merged into this one before is still part of it.
    earlier = gone.described.previous_external_ids
    Patient.objects.filter(merged_into=survivor, external_id__in=earlier).update(merged_into=gone)
    gone.merged_into = gone.merged_at = gone.seen_apart_at = None
    gone.merged_rows, gone.reread_wanted = {}, gone.read_ended is not None
    for row in (gone, survivor):
        # Which of the past visits are whose, the chart has to say anew.
        row.history_began = row.history_ended = None
        row.save(update_fields=["history_began", "history_ended"])
    gone.save(
        update_fields=[
            "merged_into",
            "merged_at",
            "seen_apart_at",
            "merged_rows",
            "reread_wanted",
        ]
    )
    ahead = Appointment.objects.filter(still_relevant(now), patient=survivor)
    Appointment.objects.filter(pk__in=ahead.values("pk")).update(reread_wanted=True)
    schedule_looks_of_patient(survivor, now)
    audit_row("patient.merge_undone", gone, survivor=survivor.external_id)


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
