"""The one order in which rows are locked: the patient, then appointments by id.

Intake, look and effect all lock likewise, so none of them can wait for another in a circle. On
SQLite the immediate transaction is the lock and the clauses are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from campaigns.models import Appointment, Patient, Practice


def lock_patient(patient_id: int) -> Patient:
    """The patient's row, or the row it was merged into, held until the transaction ends."""
    while True:
        patient = Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
        if patient.merged_into_id is None:
            return patient
        patient_id = patient.merged_into_id


def lock_appointments(ids: Iterable[int]) -> dict[int, Appointment]:
    """Appointments by id, locked in the order of their ids; after their patient."""
    rows = (
        Appointment.objects.select_for_update(of=("self",)).filter(pk__in=set(ids)).order_by("pk")
    )
    return {row.pk: row for row in rows}


def lineage_ids(practice: Practice, appointment: Appointment) -> set[int]:
    """Our ids of the appointments in one chain of reschedules, the given one included.

    A cancelled row names its replacement; chains may have any length and be seen in any order.
    """
    known = {appointment.pk}
    names = {appointment.external_id, appointment.replaced_by} - {""}
    frontier = names
    while frontier:
        rows = Appointment.objects.filter(practice=practice).filter(_named(frontier))
        found = {row.pk: row for row in rows if row.pk not in known}
        known |= set(found)
        more = {n for row in found.values() for n in (row.external_id, row.replaced_by) if n}
        frontier = more - names
        names |= more
    return known


def _named(names: set[str]) -> Q:
    return Q(external_id__in=names) | Q(replaced_by__in=names)
