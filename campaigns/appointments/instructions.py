"""What staff tell Kept about one visit: pause, stop, enroll by hand, or look again.

An instruction is stored and obeyed until somebody withdraws it; the latest one counts. A new one of
a kind takes the place of the one before, those of other kinds stay and count again once it is
withdrawn: a pause over an enrollment by hand ends with that enrollment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.context import acting_as
from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.decisions.snapshot import modality_of
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.rule_match import ANY
from campaigns.domain.values import AppointmentStatus, InstructionKind
from campaigns.enrollments.rereads import request_read
from campaigns.locking import lineage_ids, lock_appointments, lock_patient
from campaigns.look_queue import schedule_look
from campaigns.models import PROMPT, Appointment, AppointmentType, Campaign, StaffInstruction

# The length of the column.
REASON_LENGTH = 200


class NotGiven(Exception):
    """Nothing was stored; the text says why, to the person who asked, without patient data."""


def active_instructions(appointment: Appointment) -> list[StaffInstruction]:
    """The instructions that nobody withdrew, the one that counts first."""
    rows = appointment.instructions.filter(withdrawn_at__isnull=True)
    return list(rows.select_related("given_by").order_by("-given_at", "-pk"))


def fitting_campaigns(appointment: Appointment) -> list[Campaign]:
    """The active campaigns that suit where the visit takes place, by name."""
    kind = AppointmentType.objects.filter(
        practice=appointment.practice_id, external_id=appointment.type_external_id
    ).first()
    modality = modality_of(appointment, kind)
    rows = Campaign.objects.filter(practice=appointment.practice_id, active=True)
    return list(rows.filter(modality__in=(ANY, modality)).order_by("name", "external_id"))


def give(
    appointment: Appointment,
    kind: InstructionKind,
    user: Any,
    *,
    reason: str,
    seen: int | None,
    campaign: str = "",
) -> StaffInstruction:
    """Store an instruction; `campaign` is Relatient's id, for an enrollment by hand alone.

    `seen` is the id of the instruction that counted when the person decided (None for none): a
    second press of the same button, or a colleague who was faster, is answered with NotGiven.
    """
    reason = reason.strip()
    if not reason:
        raise NotGiven("Please say why, in a few words.")
    if len(reason) > REASON_LENGTH:
        raise NotGiven(f"Please say why in at most {REASON_LENGTH} characters.")
    with transaction.atomic(), acting_as(user=user):
        current = _locked(appointment)
        now = database_now()
        if current.status != AppointmentStatus.SCHEDULED or (
            current.starts_at is not None and current.starts_at <= now
        ):
            raise NotGiven("This visit is not ahead any more, so there is nothing to instruct.")
        before = active_instructions(current)
        if (before[0].pk if before else None) != seen:
            raise NotGiven("Nothing was stored: the instructions have changed. Please look again.")
        if kind is InstructionKind.ENROLLED and campaign not in {
            row.external_id for row in fitting_campaigns(current)
        }:
            raise NotGiven("Please choose one of the campaigns.")
        for former in before:
            if former.kind == kind:
                _end(former, now)
        row = StaffInstruction.objects.create(
            practice_id=current.practice_id,
            appointment=current,
            kind=kind,
            campaign=campaign if kind is InstructionKind.ENROLLED else "",
            reason=reason,
            given_by=user,
            given_at=now,
        )
        _audit("instruction.given", row)
        _look(current)
        return row


def withdraw(instruction: StaffInstruction, user: Any) -> bool:
    """End an instruction; False when somebody withdrew it before."""
    with transaction.atomic(), acting_as(user=user):
        current = _locked(instruction.appointment)
        row = StaffInstruction.objects.get(pk=instruction.pk)
        if row.withdrawn_at is not None:
            return False
        _end(row, database_now())
        _look(current)
        return True


def look_now(appointment: Appointment, user: Any) -> None:
    """Read the visit, its patient and its reminders afresh, and decide anew, before other work."""
    with transaction.atomic(), acting_as(user=user):
        current = _locked(appointment)
        now = database_now()
        Appointment.objects.filter(pk=current.pk).update(reread_wanted=True)
        patient = current.patient
        patient.reread_wanted = True
        patient.save(update_fields=["reread_wanted"])
        for enrollment in current.enrollments.filter(status__in=sorted(LIVE)).exclude(vendor_id=""):
            request_read(enrollment, now)
        audit_row("appointment.look_asked", current)
        _look(current)


def _locked(appointment: Appointment) -> Appointment:
    lock_patient(appointment.patient_id)
    return lock_appointments(lineage_ids(appointment.practice, appointment))[appointment.pk]


def _look(appointment: Appointment) -> None:
    schedule_look(appointment, database_now(), PROMPT)
    doorbell.ring()


def _end(row: StaffInstruction, now: datetime) -> None:
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    _audit("instruction.withdrawn", row)


def _audit(action: str, row: StaffInstruction) -> None:
    """Audit the instruction without its reason: what a colleague wrote stays in its own row."""
    detail = {"kind": str(row.kind)} | ({"campaign": row.campaign} if row.campaign else {})
    audit_row(action, row, **detail)
