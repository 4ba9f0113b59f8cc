"""Everything known about one appointment, gathered for a decision.

The caller holds the locks of the patient and the lineage, so what is gathered belongs together.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from campaigns import gateways
from campaigns.address_digest import digests_of
from campaigns.decisions.practice_snapshot import (
    all_move_since_of,
    campaigns_of,
    rules_before_of,
    rules_of,
    settings_of,
)
from campaigns.domain import snapshot as facts
from campaigns.domain.consents import AT_RELATIENT
from campaigns.domain.coverage import State
from campaigns.domain.effects import BEFORE_ENROLLING, WAITLIST
from campaigns.domain.emails import typed_for_none
from campaigns.domain.enrollment_states import LIVE, REMINDING
from campaigns.domain.recipient import every_reach
from campaigns.domain.values import (
    AppointmentStatus,
    Channel,
    Confirmation,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    InstructionKind,
    Modality,
    OnCancel,
    ReplyKind,
    ReplyOutcome,
)
from campaigns.models import (
    Appointment,
    AppointmentType,
    ChartCancelReason,
    ConsentEvent,
    Department,
    Effect,
    Enrollment,
    Patient,
    Provider,
    Response,
)
from campaigns.vendor_records import PatientRecord


def build(appointment: Appointment, lineage: set[int]) -> facts.Snapshot:
    """The snapshot of one appointment; `lineage` holds the ids of its chain, itself included."""
    practice, patient = appointment.practice, appointment.patient
    settings = settings_of(practice, appointment.department_external_id)
    names = dict(Provider.objects.filter(practice=practice).values_list("external_id", "name"))
    kind = AppointmentType.objects.filter(
        practice=practice, external_id=appointment.type_external_id
    ).first()
    return facts.Snapshot(
        settings=settings,
        appointment=_appointment(appointment, kind, names),
        patient=_patient(patient, settings.no_address_words),
        rules=rules_of(practice),
        campaigns=campaigns_of(practice),
        enrollments=_enrollments(patient, lineage),
        effects=_effects(appointment, lineage),
        replies=_replies(appointment),
        instruction=_instruction(appointment),
        siblings=_siblings(appointment, lineage),
        paused=gateways.paused(practice.external_id),
        provider_names=names,
        rules_before=rules_before_of(practice),
        all_move_since=all_move_since_of(practice),
    )


def _appointment(
    row: Appointment, kind: AppointmentType | None, names: dict[str, str]
) -> facts.AppointmentFacts:
    department = Department.objects.filter(
        practice=row.practice, external_id=row.department_external_id
    ).first()
    type_name = row.public_type_name or (kind.public_name if kind else "") or row.type_name
    return facts.AppointmentFacts(
        id=row.pk,
        external_id=row.external_id,
        status=AppointmentStatus(row.status),
        starts_at=row.starts_at,
        time_zone=row.time_zone,
        local_start=row.local_start,
        type_id=row.type_external_id,
        type_name=type_name,
        modality=modality_of(row, kind),
        department_id=row.department_external_id,
        department_name=(department.public_name or department.name) if department else "",
        providers=tuple(
            facts.Provider(provider, names.get(provider, ""))
            for provider in row.provider_external_ids
        ),
        confidential=kind.confidential if kind else False,
        on_cancel=OnCancel((kind.on_cancel if kind else "") or row.practice.on_cancel),
        confirmation=Confirmation(row.confirmation),
        confirmation_id=row.confirmation_external_id,
        secondary=row.secondary,
        replaced_by=row.replaced_by,
        first_seen_at=row.first_seen_at,
        reread_wanted=row.reread_wanted,
        join_url=row.join_url,
        join_read_at=row.join_read_at,
        scheduled_at=row.scheduled_at,
        unreadable=row.unreadable,
        unreadable_twice=row.unreadable_twice,
        unreadable_since=row.unreadable_since,
        not_found_at=row.not_found_at,
    )


def modality_of(row: Appointment, kind: AppointmentType | None) -> Modality:
    """By what staff said of the type, or by the record's own flag; never by a word in a name."""
    if row.telehealth or (kind is not None and kind.modality == Modality.TELEHEALTH):
        return Modality.TELEHEALTH
    return Modality.IN_PERSON


def _patient(row: Patient, no_address_words: tuple[str, ...]) -> facts.PatientFacts:
    record = _written_to(row.described, no_address_words)
    described = {f.name: getattr(record, f.name) for f in fields(facts.PatientDescription)}
    return facts.PatientFacts(
        **described,
        read_at=row.read_ended,
        history_read_at=row.history_ended,
        relatient_id=row.relatient_id,
        relatient_state=row.relatient_state,
        consents=_words(row, every_reach(record)),
        told={
            Channel(channel): facts.Consent(
                Channel(channel), said["state"], datetime.fromisoformat(said["at"])
            )
            for channel, said in row.told_consents.items()
        },
        no_shows=no_shows_of([row.pk]).get(row.pk, ()),
        reread_wanted=row.reread_wanted or _of_old(row),
        seen_before=row.appointments.filter(status__in=_CAME).exists(),
    )


def _written_to(record: PatientRecord, words: tuple[str, ...]) -> PatientRecord:
    """The record without addresses that the practice's own people typed for want of one."""
    if not words:
        return record

    def kept(raw: str) -> str:
        return "" if typed_for_none(raw, words) else raw

    return replace(
        record,
        email=kept(record.email),
        guarantor=replace(record.guarantor, email=kept(record.guarantor.email)),
        emergency=replace(record.emergency, email=kept(record.emergency.email)),
    )


def _of_old(row: Patient) -> bool:
    """Whether the record was kept by a version that took an unreadable date of birth for none."""
    record = row.record or {}
    return bool(record) and "unreadable" not in record and record.get("date_of_birth") is None


def _words(row: Patient, reaches: set[str]) -> tuple[facts.Consent, ...]:
    """What was said of being written to: of this patient, and by whoever is written to at a number
    or an address of theirs. Two queries.
    """
    own = list(row.consents.all())
    places = reaches | {word.reach for word in own if word.reach}
    digests = {digest for place in places for digest in digests_of(place)}
    others = (
        ConsentEvent.objects.filter(practice=row.practice_id, reach_digest__in=digests).exclude(
            patient=row
        )
        if digests
        else ()
    )
    return tuple(
        facts.Consent(
            Channel(word.channel),
            word.state,
            word.at,
            word.seq,
            reach=word.reach,
            own=word.patient_id == row.pk,
            at_relatient=word.source in AT_RELATIENT,
        )
        for word in (*own, *others)
    )


_CAME = [AppointmentStatus.CHECKED_IN, AppointmentStatus.COMPLETED]


def no_shows_of(patients: Collection[int]) -> dict[int, tuple[date, ...]]:
    """The dates of missed visits by patient (our ids), as the chart prints them. One query.

    A second row of the same start is another resource of the same visit, and counts no second time.
    """
    missed: dict[int, dict[datetime, date]] = {}
    rows = Appointment.objects.filter(patient__in=patients, status=AppointmentStatus.NO_SHOW)
    for patient, start, local in rows.values_list("patient", "starts_at", "local_start"):
        missed.setdefault(patient, {})[start or local] = local.date()
    return {patient: tuple(sorted(days.values())) for patient, days in missed.items()}


def _enrollments(patient: Patient, lineage: set[int]) -> tuple[facts.EnrollmentFacts, ...]:
    return tuple(
        facts.EnrollmentFacts(
            id=row.pk,
            appointment_id=row.appointment_id,
            generation=row.generation,
            campaign=row.campaign,
            status=EnrollmentStatus(row.status),
            vendor_id=row.vendor_id,
            vendor_state=row.vendor_state,
            last_announced=row.last_announced,
            ended_elsewhere=row.ended_elsewhere,
            ended_at=row.ended_at,
            resend_dropped=row.resend_dropped,
            route=row.route,
            messaged=row.messaged_at is not None,
            messaged_at=row.messaged_at,
            created_at=row.created_at,
            reread_wanted=row.reread_wanted,
            surplus=row.surplus,
            foreign=patient.pk not in (row.patient_id, row.patient.merged_into_id),
        )
        for row in Enrollment.objects.filter(appointment__in=lineage)
        .select_related("patient")
        .order_by("pk")
    )


# Effects that are over but are still asked about: done once for all, or the ground of an outcome.
_REMEMBERED = [
    EffectKind.WAITLIST_NOTICE,
    EffectKind.CANCEL_APPOINTMENT,
    EffectKind.WRITE_CONFIRMATION,
    EffectKind.SCHEDULE_NOTE,
    EffectKind.PATIENT_CASE,
]


def _effects(appointment: Appointment, lineage: set[int]) -> tuple[facts.EffectFacts, ...]:
    # Reads of the patient's other visits, too: one that was refused must not be asked for anew.
    mine = (
        Q(appointment__in=lineage)
        | Q(appointment__isnull=True, patient=appointment.patient)
        | Q(purpose=BEFORE_ENROLLING, patient=appointment.patient)
    )
    matters = ~Q(status__in=[EffectStatus.ACCEPTED, EffectStatus.SUPERSEDED]) | Q(
        Q(kind__in=_REMEMBERED) | Q(purpose=WAITLIST), status=EffectStatus.ACCEPTED
    )
    return tuple(_effect(row) for row in Effect.objects.filter(mine & matters).order_by("pk"))


def _effect(row: Effect) -> facts.EffectFacts:
    return facts.EffectFacts(
        id=row.pk,
        kind=EffectKind(row.kind),
        status=EffectStatus(row.status),
        body=row.body,
        basis=row.basis,
        purpose=row.purpose,
        appointment_id=row.appointment_id,
        enrollment_id=row.enrollment_id,
        response_id=row.response_id,
        attempts=row.attempts,
        code=row.code,
        sentence=row.sentence,
    )


def _replies(appointment: Appointment) -> tuple[facts.ReplyFacts, ...]:
    rows = list(appointment.responses.exclude(outcome=ReplyOutcome.WITHDRAWN))
    chosen = {row.cancel_reason_external_id for row in rows} - {""}
    freeing = ChartCancelReason.objects.filter(
        practice=appointment.practice_id, external_id__in=chosen, frees_slot=True
    )
    frees = set(freeing.values_list("external_id", flat=True)) if chosen else set()
    return tuple(_reply(row, row.cancel_reason_external_id in frees) for row in rows)


def _reply(row: Response, frees_slot: bool) -> facts.ReplyFacts:
    return facts.ReplyFacts(
        id=row.pk,
        kind=ReplyKind(row.kind),
        occurred_at=row.occurred_at,
        seq=row.seq,
        told_starts_at=row.told_starts_at,
        outcome=ReplyOutcome(row.outcome),
        by_staff=row.by_staff,
        hold_until=row.hold_until,
        cancel_reason_id=row.cancel_reason_external_id,
        cancel_reason_frees_slot=frees_slot,
        event_id=row.event_id,
        channel=Channel(row.channel) if row.channel in set(Channel) else None,
        words=row.raw_text,
    )


def _instruction(appointment: Appointment) -> facts.Instruction | None:
    row = appointment.instructions.filter(withdrawn_at__isnull=True).first()
    if row is None:
        return None
    return facts.Instruction(InstructionKind(row.kind), row.campaign, row.given_at)


def _siblings(appointment: Appointment, lineage: set[int]) -> tuple[facts.Sibling, ...]:
    """The patient's other visits that hold an enrollment, and those that start with this one:
    booked ones, and those that the patient cancelled. One query.
    """
    holding = Enrollment.objects.filter(
        appointment=OuterRef("pk"), status__in=sorted(LIVE | REMINDING)
    )
    cancelling = Response.objects.filter(
        # What the desk recorded has no channel; whoever called them knows.
        ~Q(channel=""),
        appointment=OuterRef("pk"),
        kind=ReplyKind.CANCELLED,
        outcome__in=[ReplyOutcome.PENDING, ReplyOutcome.APPLIED, ReplyOutcome.FOR_STAFF],
    )
    booked = Q(status=AppointmentStatus.SCHEDULED)
    cancelled = Q(status=AppointmentStatus.CANCELLED, cancelled_by_patient=True)
    rows = (
        Appointment.objects.filter(patient=appointment.patient_id)
        .exclude(pk__in=lineage)
        .annotate(enrolled=Exists(holding), cancelled_by_patient=Exists(cancelling))
        .filter(Q(enrolled=True) | Q(booked | cancelled, starts_at=appointment.starts_at))
        .order_by("pk")
    )
    return tuple(
        facts.Sibling(
            row.pk,
            row.external_id,
            row.starts_at,
            AppointmentStatus(row.status),
            row.enrolled,
            # Of two reads that disagree none counts.
            None if row.reread_wanted else row.read_ended,
            row.secondary,
            row.coverage_state == State.PENDING,
            row.cancelled_by_patient,
        )
        for row in rows
    )
