"""Why an appointment is as it is, as plain values: what `explain` prints.

Ids, codes, times and sentences; no name, number or address of a person, nor what they wrote. The
page for people, with names, is appointments/page.py.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from campaigns.appointments.explain_context import circumstances_of
from campaigns.domain.coverage import Code, sentence_of
from campaigns.models import Appointment, Attempt, DecisionRecord, Effect, Response


def appointments_called(external_id: str) -> list[Appointment]:
    """The appointments with this id, in any practice: athenahealth counts per practice."""
    rows = Appointment.objects.filter(external_id=external_id)
    return list(rows.select_related("practice", "patient").order_by("practice__external_id"))


def explanation_of(appointment: Appointment) -> dict[str, Any]:
    """Everything that happened about one appointment, each list oldest first.

    "Why did this patient get nothing?": the findings of the last decision say it. What led there
    is in the observations, consents and instructions, what came of it in the effects.
    """
    return {
        "appointment": _visit(appointment),
        "coverage": {
            "state": str(appointment.coverage_state),
            "code": str(appointment.coverage_code),
            "sentence": sentence_of(Code(appointment.coverage_code)),
        },
        **circumstances_of(appointment),
        "decisions": [_decision(row) for row in appointment.decisions.order_by("at", "pk")],
        "effects": [_effect(row) for row in _effects(appointment)],
        "responses": [
            _response(row) for row in appointment.responses.order_by("occurred_at", "seq", "pk")
        ],
    }


def _visit(row: Appointment) -> dict[str, Any]:
    return {
        "id": row.external_id,
        "practice": row.practice.external_id,
        "patient": row.patient.external_id,
        "status": str(row.status),
        "starts_at": row.starts_at,
        "time_zone": row.time_zone,
        "type": row.type_external_id,
        "department": row.department_external_id,
        "providers": row.provider_external_ids,
        "confirmation": str(row.confirmation),
        "replaced_by": row.replaced_by,
        "campaign": row.route_campaign,
        "look_due_at": row.look_due_at,
    }


def _decision(row: DecisionRecord) -> dict[str, Any]:
    return {
        "at": row.at,
        "state": str(row.state),
        "code": str(row.code),
        "sentence": row.sentence,
        "campaign": row.campaign,
        "findings": [
            {"filter": name, "saw": saw, "concluded": concluded}
            for name, saw, concluded in row.findings
        ],
        "effects": row.effects,
    }


def _effects(appointment: Appointment) -> list[Effect]:
    """The appointment's own effects, and those about its patient as a whole."""
    # A record that was merged into the patient's is part of their history.
    patient = appointment.patient_id
    person = Q(patient=patient) | Q(patient__merged_into=patient)
    rows = Effect.objects.filter(Q(appointment=appointment) | person & Q(appointment__isnull=True))
    return list(rows.prefetch_related("tries").order_by("created_at", "pk"))


def _effect(row: Effect) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": str(row.kind),
        "vendor": str(row.vendor),
        "purpose": row.purpose,
        "status": str(row.status),
        "code": row.code,
        "sentence": row.sentence,
        "created_at": row.created_at,
        "next_attempt_at": row.next_attempt_at,
        "finished_at": row.finished_at,
        "attempts": [_attempt(one) for one in sorted(row.tries.all(), key=lambda t: t.number)],
    }


def _attempt(row: Attempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        # An attempt that never ended was cut off with its process.
        "outcome": str(row.outcome),
        "code": row.code,
        "sentence": row.sentence,
        "http_status": row.http_status,
        "request_id": row.request_id,
    }


def _response(row: Response) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": str(row.kind),
        "channel": row.channel,
        "by_staff": row.by_staff,
        "occurred_at": row.occurred_at,
        "told_starts_at": row.told_starts_at,
        "outcome": str(row.outcome),
        "sentence": row.outcome_sentence,
        "settled_at": row.settled_at,
    }
