"""From the effects that a look wants to rows of the outbox.

An effect that is wanted and queued already stays; one that is queued and no longer wanted is
superseded, since it was certainly never done; one that is on its way is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from django.db.models import Q

from audit.recorder import audit_row
from campaigns.domain.effects import BEFORE_ENROLLING, PATIENT_KINDS, EffectWanted
from campaigns.domain.values import IN_FLIGHT, EffectKind, EffectStatus, EnrollmentStatus
from campaigns.enrollments.status import advance, plan_enrollment
from campaigns.look_queue import schedule_look
from campaigns.models import PROMPT, Appointment, Effect, Enrollment, Response


def match_effects(appointment: Appointment, wanted: Iterable[EffectWanted], now: datetime) -> None:
    """Make the appointment's queued effects those that are wanted."""
    asked = list(wanted)
    kept: set[int] = set()
    missing: list[EffectWanted] = []
    for want in asked:
        same = _same(appointment, want)
        if same is not None:
            kept.add(same.pk)
        else:
            missing.append(want)
    for effect in _superseded(appointment, asked, kept):
        supersede(effect, now)
    for want in missing:
        _create(appointment, want, now)
    if appointment.look_priority == PROMPT:
        _hurry(appointment)


def _hurry(appointment: Appointment) -> None:
    """Make open effects prompt: somebody waits now for what bulk work asked for, or for what is in
    hand.
    """
    mine = Q(appointment=appointment) | Q(
        appointment__isnull=True, patient_id=appointment.patient_id
    )
    open_ones = Effect.objects.filter(mine, status__in=[EffectStatus.QUEUED, *IN_FLIGHT])
    open_ones.exclude(priority=PROMPT).update(priority=PROMPT)


def _subject(appointment: Appointment, want: EffectWanted) -> Q:
    """The effects with which a wanted one is compared: those about the same subject."""
    if want.kind in PATIENT_KINDS:
        return Q(kind=want.kind, patient=appointment.patient, appointment__isnull=True)
    about = Q(kind=want.kind, appointment=want.appointment_id or appointment.pk)
    about &= Q(response=want.response_id)
    if want.kind is EffectKind.ENROLL:
        return about
    return about & Q(enrollment=want.enrollment_id)


def _same(appointment: Appointment, want: EffectWanted) -> Effect | None:
    """The unfinished effect that is the wanted one already; for reads, any that is on its way."""
    live = Q(status__in=[EffectStatus.QUEUED, *IN_FLIGHT])
    for effect in Effect.objects.filter(_subject(appointment, want) & live).order_by("-pk"):
        if effect.body == want.body and effect.basis == want.basis:
            return effect
    return None


def _superseded(
    appointment: Appointment, asked: list[EffectWanted], kept: set[int]
) -> list[Effect]:
    """Queued effects that nobody wants: all others of this appointment's, and for the patient's
    own kinds, which other visits may want too, only those replaced by a newer body."""
    replaced = [want.kind for want in asked if want.kind in PATIENT_KINDS]
    unwanted = Q(appointment=appointment) & ~Q(purpose=BEFORE_ENROLLING) | Q(
        appointment__isnull=True, patient=appointment.patient, kind__in=replaced
    )
    rows = Effect.objects.filter(unwanted, status=EffectStatus.QUEUED).exclude(pk__in=kept)
    return list(rows)


def supersede(effect: Effect, now: datetime) -> None:
    """Drop an effect that was never done, and the enrollment that it was to make."""
    effect.status = EffectStatus.SUPERSEDED
    effect.next_attempt_at, effect.finished_at = None, now
    effect.save(update_fields=["status", "next_attempt_at", "finished_at"])
    enrollment = effect.enrollment
    if enrollment is not None and enrollment.status == EnrollmentStatus.WANTED:
        advance(enrollment, EnrollmentStatus.CANCELLED, now)
        # A reschedule of this visit may be waiting for just that.
        schedule_look(enrollment.appointment, now)
    log_effect("effect.superseded", effect)


def _create(appointment: Appointment, want: EffectWanted, now: datetime) -> Effect:
    about_patient = want.kind in PATIENT_KINDS
    subject = appointment
    if want.appointment_id not in (None, appointment.pk):
        subject = Appointment.objects.get(pk=want.appointment_id)
    enrollment = _enrollment(appointment, want, now)
    # Refusals of the same purpose only: that of another question about the visit stays.
    for refused in Effect.objects.filter(
        _subject(appointment, want), purpose=want.purpose, status=EffectStatus.REJECTED
    ):
        supersede(refused, now)
    effect = Effect.objects.create(
        practice=appointment.practice,
        kind=want.kind,
        vendor=appointment.practice.vendor_of(want.system),
        patient=appointment.patient,
        appointment=None if about_patient else subject,
        enrollment=enrollment,
        response=Response.objects.get(pk=want.response_id) if want.response_id else None,
        key=_key(appointment, subject, want, enrollment),
        purpose=want.purpose,
        priority=appointment.look_priority,
        body=dict(want.body),
        basis=dict(want.basis),
        created_at=now,
        next_attempt_at=now,
    )
    log_effect("effect.queued", effect)
    return effect


def _enrollment(appointment: Appointment, want: EffectWanted, now: datetime) -> Enrollment | None:
    if want.kind is EffectKind.ENROLL:
        return plan_enrollment(appointment, dict(want.body), now)
    return Enrollment.objects.get(pk=want.enrollment_id) if want.enrollment_id else None


def _key(
    appointment: Appointment,
    subject: Appointment,
    want: EffectWanted,
    enrollment: Enrollment | None,
) -> str:
    """The effect's identity, at the vendor too: kind, subject, what is asked, counter.

    What is asked is part of it (docs/adr/0016): counters go back with a database that is restored
    from a backup, and must not meet a vendor who remembers them for something else. The same
    asked again then has the same key, and is answered with what was done the first time.
    """
    if want.kind in PATIENT_KINDS:
        what = f"p{subject.patient.external_id}"
    elif enrollment is not None:
        what = f"a{subject.external_id}-g{enrollment.generation}"
    elif want.response_id is not None:
        what = f"a{subject.external_id}-r{want.response_id}"
    else:
        what = f"a{subject.external_id}"
    stem = f"kept-{subject.practice.external_id}-{want.kind.value}-{what}-{_asked(want)}"
    before = Effect.objects.filter(_subject(appointment, want), key__startswith=f"{stem}-")
    return f"{stem}-{before.count() + 1}"


def _asked(want: EffectWanted) -> str:
    """A short digest of what is asked; no patient data can be read off it.

    A refusal is remembered with its key as well, so an enrollment that is asked for on other
    grounds is another request. The same details are announced once, whatever the grounds.
    """
    grounds = want.basis if want.kind is EffectKind.ENROLL else {}
    plain = json.dumps([want.body, grounds], sort_keys=True, default=dict)
    return sha256(plain.encode()).hexdigest()[:12]


def log_effect(action: str, effect: Effect, **detail: object) -> None:
    """Audit something that happened to an effect."""
    audit_row(action, effect, kind=str(effect.kind), **detail)
