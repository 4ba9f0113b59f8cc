"""Why an appointment is as it is, as plain values: what `explain` prints.

Ids, codes, times and sentences; no name, number or address of a person, nor what they wrote. The
page for people, with names, is appointments/page.py.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from campaigns.decisions.failed_looks import ABOUT_ONE
from campaigns.domain.coverage import Code, sentence_of
from campaigns.models import Appointment, Attempt, ConsentEvent, DecisionRecord, Effect, Response

Row = dict[str, Any]


def appointments_called(external_id: str) -> list[Appointment]:
    """The appointments with this id, in any practice: athenahealth counts per practice."""
    rows = Appointment.objects.filter(external_id=external_id)
    return list(rows.select_related("practice", "patient").order_by("practice__external_id"))


def explanation_of(appointment: Appointment) -> Row:
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
            # Only while it is so: what the ledger says may be out of date then.
            **({"problem": ABOUT_ONE} if appointment.look_failed_at else {}),
        },
        "observations": observations_of(appointment),
        "lineage": _lineage(appointment),
        "enrollments": _enrollments(appointment),
        "consents": consents_of(appointment),
        "instructions": _instructions(appointment),
        "work_items": _work_items(appointment),
        "decisions": [_decision(row) for row in appointment.decisions.order_by("at", "pk")],
        "effects": [_effect(row) for row in effects_of(appointment)],
        "responses": [
            _response(row) for row in appointment.responses.order_by("occurred_at", "seq", "pk")
        ],
    }


def _visit(row: Appointment) -> Row:
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


def _decision(row: DecisionRecord) -> Row:
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


def effects_of(appointment: Appointment) -> list[Effect]:
    """The appointment's own effects, and those about its patient as a whole."""
    # A record that was merged into the patient's is part of their history.
    patient = appointment.patient_id
    person = Q(patient=patient) | Q(patient__merged_into=patient)
    rows = Effect.objects.filter(Q(appointment=appointment) | person & Q(appointment__isnull=True))
    return list(rows.prefetch_related("tries").order_by("created_at", "pk"))


def _effect(row: Effect) -> Row:
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


def _attempt(row: Attempt) -> Row:
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


def _response(row: Response) -> Row:
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


def observations_of(row: Appointment) -> list[Row]:
    """When Kept learned what about the visit; a read that changed nothing does not raise the
    version.
    """
    seen: list[Row] = [
        {"at": row.scheduled_at, "what": "booked", "by": row.scheduled_by},
        {"at": row.first_seen_at, "what": "first_seen"},
        {"at": row.read_ended, "what": "visit_last_read", "version": row.version},
        {"at": row.patient.read_ended, "what": "patient_last_read"},
        {"at": row.patient.history_ended, "what": "past_visits_last_read"},
        {"at": row.join_read_at, "what": "video_link_asked_for", "found": bool(row.join_url)},
    ]
    return sorted((one for one in seen if one["at"] is not None), key=lambda one: one["at"])


def _lineage(row: Appointment) -> list[Row]:
    """The neighbours in a chain of reschedules: what this visit replaced, and what replaced it."""
    chain = Appointment.objects.filter(practice=row.practice)
    beside = Q(replaced_by=row.external_id) | Q(external_id=row.replaced_by or "-")
    return [
        {
            "id": other.external_id,
            "is": "replaced_by_this" if other.replaced_by == row.external_id else "replacement",
            "status": str(other.status),
            "code": str(other.coverage_code),
        }
        for other in chain.filter(beside).order_by("first_seen_at", "pk")
    ]


def _enrollments(row: Appointment) -> list[Row]:
    return [
        {
            "generation": one.generation,
            "relatient_id": one.vendor_id,
            "campaign": one.campaign,
            "status": str(one.status),
            "created_at": one.created_at,
            "ended_at": one.ended_at,
            "end_reason": str(one.end_reason),
            "ended_elsewhere": one.ended_elsewhere,
        }
        for one in row.enrollments.order_by("generation")
    ]


def consents_of(row: Appointment) -> list[Row]:
    """What the patient said of each channel, those of a record merged into theirs included."""
    theirs = Q(patient=row.patient_id) | Q(patient__merged_into=row.patient_id)
    return [
        {"at": one.at, "channel": str(one.channel), "state": one.state, "source": one.source}
        for one in ConsentEvent.objects.filter(theirs).order_by("at", "seq", "pk")
    ]


def _instructions(row: Appointment) -> list[Row]:
    """The instructions without their reasons, which colleagues wrote in their own words."""
    return [
        {
            "at": one.given_at,
            "kind": str(one.kind),
            "campaign": one.campaign,
            "withdrawn_at": one.withdrawn_at,
        }
        for one in row.instructions.order_by("given_at", "pk")
    ]


def _work_items(row: Appointment) -> list[Row]:
    return [
        {
            "kind": str(one.kind),
            "sentence": one.sentence,
            "opened_at": one.opened_at,
            "closed_at": one.closed_at,
        }
        for one in row.work_items.order_by("opened_at", "pk")
    ]
