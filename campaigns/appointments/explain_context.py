"""What bears on one appointment beside its decisions and effects, as plain values for `explain`.

What was observed of it, its chain of reschedules, its enrollments, the consents of its patient,
the instructions of staff and the work items. Ids, codes, times and Kept's own sentences; never
what a person wrote.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from campaigns.models import Appointment, ConsentEvent

Row = dict[str, Any]


def circumstances_of(row: Appointment) -> dict[str, Any]:
    """All of it, each list oldest first."""
    return {
        "observations": observations_of(row),
        "lineage": _lineage(row),
        "enrollments": _enrollments(row),
        "consents": consents_of(row),
        "instructions": _instructions(row),
        "work_items": _work_items(row),
    }


def observations_of(row: Appointment) -> list[Row]:
    """When Kept learned what; a read that changed nothing is counted by no version."""
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
    """Without the reason, which a colleague wrote in their own words."""
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
