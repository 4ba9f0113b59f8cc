"""Step 5, record: one look at one appointment, in one transaction.

1. lock the patient, then the lineage by id
2. gather the snapshot and decide (pure)
3. write coverage, the decision if it differs from the last, outcomes of replies, work items,
   effects, and their audit events
4. look_due_at = when to look again
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.recorder import audit_row
from campaigns.address_digest import digest_of
from campaigns.clock import database_now
from campaigns.decisions.snapshot import build
from campaigns.domain.coverage import State
from campaigns.domain.decide import decide
from campaigns.domain.decision import Decision, ReplyVerdict
from campaigns.domain.enrollment_states import LIVE, REMINDING
from campaigns.domain.values import Channel, ReplyOutcome
from campaigns.locking import lineage_ids, lock_appointments, lock_patient
from campaigns.look_queue import schedule_looks
from campaigns.models import ROUTINE, Appointment, DecisionRecord, Response
from campaigns.outbox.queue import match_effects
from campaigns.work_items import close_failed_writes, settle_items


def look(appointment_id: int) -> Decision | None:
    """Look at one appointment if a look is due; None when none is (any more)."""
    with transaction.atomic():
        appointment, lineage = _locked(appointment_id)
        now = database_now()
        if appointment.look_due_at is None or appointment.look_due_at > now:
            return None
        decision = decide(build(appointment, lineage), now)
        _record(appointment, decision, now)
        return decision


def _locked(appointment_id: int) -> tuple[Appointment, set[int]]:
    appointment = Appointment.objects.select_related("practice", "patient").get(pk=appointment_id)
    lock_patient(appointment.patient_id)
    lineage = lineage_ids(appointment.practice, appointment)
    rows = lock_appointments(lineage)
    fresh = rows[appointment_id]
    # The row may have changed hands between the first read and the lock.
    if fresh.patient_id != appointment.patient_id:
        lock_patient(fresh.patient_id)
    return fresh, lineage


def _record(appointment: Appointment, decision: Decision, now: datetime) -> None:
    _record_decision(appointment, decision, now)
    for verdict in decision.replies:
        _store_verdict(verdict, now)
    closed = decision.state is State.CLOSED
    settle_items(appointment, decision.work_items, now, closed=closed)
    match_effects(appointment, decision.effects, now)
    _remember_route(appointment, decision)
    _wake_secondary(appointment, decision, now)
    route = decision.route
    appointment.coverage_state = decision.state
    appointment.coverage_code = decision.code
    appointment.route_campaign = route.campaign if route else ""
    appointment.route_modality = route.modality if route else ""
    appointment.route_risk = route.risk if route else ""
    appointment.route_language = route.language if route else ""
    for channel in Channel:
        setattr(appointment, f"{channel}_digest", digest_of(decision.reach.get(channel)))
    appointment.look_due_at = decision.look_again_at
    appointment.look_priority = ROUTINE
    appointment.look_failed_at, appointment.look_failed_keys = None, ""
    appointment.save(
        update_fields=[
            "coverage_state",
            "coverage_code",
            "route_campaign",
            "route_modality",
            "route_risk",
            "route_language",
            *(f"{channel}_digest" for channel in Channel),
            "look_due_at",
            "look_priority",
            "look_failed_at",
            "look_failed_keys",
        ]
    )


def _remember_route(appointment: Appointment, decision: Decision) -> None:
    """Store for which kind of visit the enrollment's campaign was chosen: a later change of the
    rules moves the visit only if the rules still speak of that kind.
    """
    route = decision.route
    if route is None or route.kept:
        return
    live = appointment.enrollments.filter(
        status__in=sorted(LIVE | REMINDING), campaign=route.campaign, surplus=False
    )
    live.exclude(route=route.kind).update(route=route.kind)


def _wake_secondary(appointment: Appointment, decision: Decision, now: datetime) -> None:
    """Make looks due at the rows of further resources: they go by what became of their visit."""
    if appointment.secondary or appointment.coverage_state == decision.state:
        return
    schedule_looks(
        Appointment.objects.filter(
            patient=appointment.patient_id, starts_at=appointment.starts_at, secondary=True
        ),
        now,
        appointment.look_priority,
    )


def _record_decision(appointment: Appointment, decision: Decision, now: datetime) -> None:
    """Keep the decision when it says something that the last one did not."""
    fields = {
        "state": decision.state,
        "code": decision.code,
        "campaign": decision.campaign,
        "findings": [[f.step, f.input, f.result] for f in decision.findings],
        "effects": [effect.kind.value for effect in decision.effects],
    }
    last = appointment.decisions.first()
    if last is not None and all(getattr(last, name) == value for name, value in fields.items()):
        return
    DecisionRecord.objects.create(
        practice=appointment.practice, appointment=appointment, at=now, **fields
    )
    audit_row(
        "appointment.decided", appointment, state=decision.state.value, code=decision.code.value
    )


def _store_verdict(verdict: ReplyVerdict, now: datetime) -> None:
    response = Response.objects.get(pk=verdict.reply_id)
    if response.outcome != ReplyOutcome.PENDING:
        return
    response.outcome = verdict.outcome
    response.outcome_sentence = verdict.sentence[:300]
    response.settled_at = now
    response.save(update_fields=["outcome", "outcome_sentence", "settled_at"])
    audit_row(f"response.{verdict.outcome.value}", response, kind=str(response.kind))
    if verdict.outcome is ReplyOutcome.APPLIED:
        close_failed_writes(response, now)
