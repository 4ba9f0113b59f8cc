"""The one writer of an enrollment's status, by the table of domain/enrollment_states.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from audit.recorder import audit_row
from campaigns.domain.effects import ReminderBody, VisitBody
from campaigns.domain.enrollment_states import may_become
from campaigns.domain.same_text import alike
from campaigns.domain.values import Channel, EnrollmentStatus
from campaigns.locking import lineage_ids
from campaigns.models import Appointment, Enrollment, Practice
from campaigns.vendor_records import EnrollmentRecord, ReadSpan

ENDED = frozenset({EnrollmentStatus.COMPLETED, EnrollmentStatus.CANCELLED, EnrollmentStatus.FAILED})


class ImpossibleTransition(Exception):
    """Code asked for a transition that the table does not have; the transaction must not
    be kept.
    """


# When Relatient was last asked about an enrollment, and whether it has to be asked again.
_READ = ("reread_wanted", "read_began", "read_ended")
# What an answer of Relatient's can change; `end_reason` and `resend_dropped` are set by whoever
# asked for the change that the answer is about.
_MIRRORED = (
    *_READ,
    "vendor_id",
    "campaign",
    "holds",
    "lead_channel",
    "starts_at",
    "told",
    "ended_elsewhere",
    "end_reason",
    "resend_dropped",
)


def advance(
    enrollment: Enrollment, to: EnrollmentStatus, now: datetime, also: Iterable[str] = ()
) -> None:
    """Move an enrollment to a status and audit it; the caller holds the locks.

    `also` names other columns that the caller has changed and that are to be stored with it.
    """
    current = EnrollmentStatus(enrollment.status)
    if not may_become(current, to):
        raise ImpossibleTransition(f"enrollment {enrollment.pk}: {current.value} to {to.value}")
    if current == to:
        return
    enrollment.status = to
    if to in ENDED:
        enrollment.ended_at = now
    enrollment.save(update_fields=["status", "ended_at", *also])
    audit_row(
        f"enrollment.{to.value}",
        enrollment,
        **{"from": current.value},
        campaign=enrollment.campaign,
    )


def plan_enrollment(appointment: Appointment, body: dict, now: datetime) -> Enrollment:
    """The next generation of an appointment's enrollment, wanted but not yet asked for."""
    newest = appointment.enrollments.aggregate(newest=Max("generation"))["newest"] or 0
    reminder = body["reminder"]
    return Enrollment.objects.create(
        practice=appointment.practice,
        appointment=appointment,
        patient=appointment.patient,
        generation=newest + 1,
        campaign=body["campaign"],
        starts_at=datetime.fromisoformat(reminder["visit"]["starts_at"]),
        lead_channel=reminder["lead_channel"],
        created_at=now,
    )


def mirror(
    enrollment: Enrollment,
    record: EnrollmentRecord,
    now: datetime,
    asked: ReminderBody | None = None,
    span: ReadSpan | None = None,
) -> None:
    """Store what Relatient holds of an enrollment; an end that was not ours is remembered as such.

    `asked` is what a request of ours made it hold: a field that Relatient respells must not make
    every look ask for it again, nor one that it respelled before. `span` is when it was read.
    """
    state = record.vendor_state
    if asked is not None and asked["visit"]["starts_at"] == state["visit"]["starts_at"]:
        state = asked
    elif (
        asked is None
        and enrollment.vendor_state is not None
        and alike(enrollment.vendor_state, state)
    ):
        state = enrollment.vendor_state
    _was_read(enrollment, span)
    ours = enrollment.status == EnrollmentStatus.CANCELLING
    if enrollment.vendor_id != record.vendor_id:
        _give_away(enrollment.practice, record.vendor_id)
    enrollment.vendor_id = record.vendor_id
    enrollment.campaign = record.campaign
    enrollment.vendor_state = state
    enrollment.lead_channel = _known_channel(state["lead_channel"])
    enrollment.starts_at = datetime.fromisoformat(state["visit"]["starts_at"])
    if enrollment.last_announced is None:
        enrollment.last_announced = _last_announced(enrollment) or state["visit"]
    if record.status == EnrollmentStatus.CANCELLED and not ours:
        enrollment.ended_elsewhere = True
    enrollment.save(update_fields=_MIRRORED)
    if enrollment.status == EnrollmentStatus.CANCELLING and record.status == "active":
        return
    advance(enrollment, record.status, now)


def _known_channel(name: str) -> str:
    """The channel, or "" for one that Kept does not know: the column only shows it."""
    return name if name in {channel.value for channel in Channel} else ""


def _give_away(practice: Practice, vendor_id: str) -> None:
    """Take the id from an enrollment that had ended here: Relatient has it active, as the
    new row.
    """
    Enrollment.objects.filter(
        practice=practice, vendor_id=vendor_id, status__in=sorted(ENDED)
    ).update(vendor_id="")


def _last_announced(enrollment: Enrollment) -> VisitBody | None:
    """What the patient was last told of this visit or of the one that it replaces.

    A reschedule's new enrollment starts with it, and so owes the message that the visit moved.
    """
    lineage = lineage_ids(enrollment.practice, enrollment.appointment)
    told = Enrollment.objects.filter(appointment__in=lineage, told__isnull=False)
    newest = told.exclude(pk=enrollment.pk).order_by("-created_at", "-pk").first()
    return newest.last_announced if newest is not None else None


def _was_read(enrollment: Enrollment, span: ReadSpan | None) -> None:
    """Set when Relatient was last asked, and that nothing more has to be read; the caller saves."""
    enrollment.reread_wanted = False
    if span is not None:
        enrollment.read_began, enrollment.read_ended = span.began, span.ended


def gone(enrollment: Enrollment, now: datetime, span: ReadSpan | None = None) -> None:
    """End an enrollment that Relatient does not know any more, whether or not Kept ended it."""
    _was_read(enrollment, span)
    if enrollment.status in ENDED:
        enrollment.save(update_fields=_READ)
        return
    if enrollment.status != EnrollmentStatus.CANCELLING:
        enrollment.ended_elsewhere = True
    advance(enrollment, EnrollmentStatus.CANCELLED, now, also=("ended_elsewhere", *_READ))


def adopt(
    appointment: Appointment, record: EnrollmentRecord, span: ReadSpan, surplus: bool = False
) -> Enrollment:
    """Take over an active enrollment that Kept did not make, as the next generation.

    The caller holds the locks. An enrollment of ours that had ended under the same id, and was
    set going again at Relatient, keeps its history and gives the id away.
    """
    newest = appointment.enrollments.aggregate(newest=Max("generation"))["newest"] or 0
    _give_away(appointment.practice, record.vendor_id)
    visit = record.vendor_state["visit"]
    enrollment = Enrollment.objects.create(
        practice=appointment.practice,
        appointment=appointment,
        patient=appointment.patient,
        generation=newest + 1,
        campaign=record.campaign,
        status=EnrollmentStatus.ACTIVE,
        vendor_id=record.vendor_id,
        starts_at=datetime.fromisoformat(visit["starts_at"]),
        lead_channel=_known_channel(record.vendor_state["lead_channel"]),
        holds=record.vendor_state,
        # Relatient sends the first message when an enrollment is made.
        told=visit,
        read_began=span.began,
        read_ended=span.ended,
        created_at=record.created_at,
        surplus=surplus,
    )
    audit_row("enrollment.adopted", enrollment, campaign=enrollment.campaign, surplus=surplus)
    return enrollment
