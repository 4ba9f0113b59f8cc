"""The one order in which rows are locked, and a transaction done again after a deadlock.

The patient first, then appointments by id. Intake, look and effect all lock likewise, so none of
them can wait for another in a circle. On SQLite the immediate transaction is the lock and the
clauses are ignored.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import OperationalError, connection
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


# PostgreSQL's deadlock_detected. SQLite has one writer at a time, and so no deadlocks.
_DEADLOCK = "40P01"
_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.05

logger = logging.getLogger(__name__)

T = TypeVar("T")


def retried(work: Callable[[], T]) -> T:
    """Do work that opens its own transaction, anew after each deadlock, five times at most.

    Inside an open transaction it is done once: only whoever opened that one can begin it again.
    A marking of all visits and a look wait for each other only rarely, and the looks in between
    are short, so a second attempt nearly always gets through.
    """
    if connection.in_atomic_block:
        return work()
    for attempt in range(1, _ATTEMPTS):
        try:
            return work()
        except OperationalError as error:
            if not is_deadlock(error):
                raise
            logger.warning("deadlock_retried", extra={"attempt": attempt})
        # Not at the same moment as the other side, should it have been ended too.
        time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 2**attempt))
    return work()


def is_deadlock(error: BaseException) -> bool:
    """Whether the database ended a transaction because two waited for each other."""
    return getattr(error.__cause__, "sqlstate", None) == _DEADLOCK
