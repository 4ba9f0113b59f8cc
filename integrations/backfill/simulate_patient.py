"""What would become of one patient's visits: taken in and decided for real, then rolled back.

The code is that of a real backfill, so the answer cannot drift away from what would be done. No
call to a vendor happens in here: a read that a decision asks for is answered with `wanted`, and the
caller reads and simulates once more.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import OperationalError, transaction

from campaigns.clock import database_now
from campaigns.decisions.snapshot import build
from campaigns.domain.coverage import LEDGER, Code, State
from campaigns.domain.decision import Decision
from campaigns.domain.dry_run import DryRun, dry_run
from campaigns.domain.effects import EffectWanted
from campaigns.domain.enrollment_diff import REFUSALS, live_enrollment
from campaigns.domain.rule_match import VisitKind, winner
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import EffectKind
from campaigns.intake.chart import locked_patient, take_appointment, take_history, take_patient
from campaigns.locking import lineage_ids, lock_appointments, lock_patient
from campaigns.models import BULK, Appointment, Practice
from campaigns.vendor_records import AppointmentRecord, PatientRecord, ReadSpan

# Without these nothing can be said; every other read leaves the answer as it is.
READS = frozenset({EffectKind.READ_PATIENT, EffectKind.READ_HISTORY})
# What another visit's read would bring cannot be foreseen: it counts as bringing nothing new.
TO_BE_ENROLLED = frozenset({Code.ENROLLED, Code.EFFECT_IN_FLIGHT})

logger = logging.getLogger(__name__)


@dataclass
class Known:
    """What was read of one patient, in memory; `refused` holds the codes of what was not given."""

    patient: tuple[PatientRecord, ReadSpan] | None = None
    history: tuple[list[AppointmentRecord], ReadSpan] | None = None
    refused: dict[EffectKind, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """Counts by coverage code and by rule; `wanted` is a read without which there are none.

    `enrolled` holds the starts of the visits that would be enrolled.
    """

    by_reason: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    wanted: EffectWanted | None = None
    enrolled: set[datetime | None] = field(default_factory=set)


def simulate(
    practice: Practice,
    patient: str,
    visits: Sequence[tuple[AppointmentRecord, ReadSpan]],
    known: Known,
) -> Outcome:
    """The outcome for one patient (athenahealth's id) and their visits; nothing of it stays."""
    with transaction.atomic():
        try:
            return _simulated(practice, patient, visits, known)
        finally:
            transaction.set_rollback(True)


def _simulated(
    practice: Practice,
    patient: str,
    visits: Sequence[tuple[AppointmentRecord, ReadSpan]],
    known: Known,
) -> Outcome:
    outcome = Outcome()
    taken = [visit.external_id for visit, span in visits if _taken(practice, visit, span, outcome)]
    if known.patient is not None:
        take_patient(practice, *known.patient, earlier=[patient])
    if known.history is not None:
        take_history(locked_patient(practice, patient), *known.history)
    rows = Appointment.objects.filter(practice=practice, external_id__in=taken)
    # Further resources of a visit go by what became of the visit itself.
    for row in rows.order_by("secondary", "pk"):
        snapshot, run = _rehearsed(row)
        read = next((e for e in run.effects if e.kind in READS and not e.purpose), None)
        if read is not None and not _is_settled(read.kind, known):
            return Outcome(wanted=read)
        code = _code(row, snapshot, run, known.refused.get(read.kind) if read else None, outcome)
        Appointment.objects.filter(pk=row.pk).update(
            coverage_state=LEDGER[code].state, coverage_code=code
        )
        outcome.by_reason[code.value] += 1
    return outcome


def _code(
    row: Appointment, snapshot: Snapshot, run: DryRun, refused: str | None, outcome: Outcome
) -> Code:
    """The coverage to which a visit would come; an enrollment is counted under its rule."""
    if refused is not None:
        return REFUSALS.get(refused, Code.VENDOR_REJECTED)
    last = run.last
    if row.secondary and row.starts_at in outcome.enrolled and last.state is not State.CLOSED:
        return Code.SECONDARY_RESOURCE
    if (
        live_enrollment(snapshot) is not None
        or not last.campaign
        or last.code not in TO_BE_ENROLLED
    ):
        return last.code
    outcome.enrolled.add(row.starts_at)
    outcome.by_rule[rule_in_words(snapshot, last)] += 1
    return Code.ENROLLED


def _taken(practice: Practice, visit: AppointmentRecord, span: ReadSpan, outcome: Outcome) -> bool:
    try:
        take_appointment(practice, visit, span, BULK)
    except OperationalError:
        raise
    except Exception:
        # A real backfill parks the row and goes on with the others.
        logger.exception("row_not_taken_in")
        outcome.errors += 1
        return False
    return True


def _rehearsed(row: Appointment) -> tuple[Snapshot, DryRun]:
    """What the look would come to if the vendors accepted everything, as if none were paused."""
    lock_patient(row.patient_id)
    lineage = lineage_ids(row.practice, row)
    snapshot = build(lock_appointments(lineage)[row.pk], lineage)
    snapshot = replace(snapshot, paused=frozenset())
    return snapshot, dry_run(snapshot, database_now())


def _is_settled(read: EffectKind, known: Known) -> bool:
    """Whether it was asked for already, and answered or refused."""
    answer = known.patient if read is EffectKind.READ_PATIENT else known.history
    return answer is not None or read in known.refused


def rule_in_words(snapshot: Snapshot, decision: Decision) -> str:
    """The rule that chose the campaign, as its CSV line says it; or who else chose it."""
    route = decision.route
    assert route is not None
    asked = VisitKind(
        route.type_id, route.modality, route.risk, route.language, snapshot.settings.language
    )
    rule = winner(snapshot.rules, snapshot.campaigns, asked)
    if rule is not None and rule.campaign == decision.campaign and not route.general:
        key = f"{rule.type_id}, {rule.modality}, {rule.risk}, {rule.language}"
    else:
        key = "the general campaign" if route.general else "chosen by staff"
    return f"{key} -> {decision.campaign}"
