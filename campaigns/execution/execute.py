"""Step 6, execute: claim an effect, call the vendor with no transaction open, settle it.

    BEGIN  lock; claim by lease token; audit "attempt"                COMMIT
    lease still ours? then call, deadline < what is left of the lease
    BEGIN  lock; if the lease is still ours: outcome, attempt, audit; look again   COMMIT

Retries live here and nowhere else. An outcome that is unknown stays so until it is settled,
whatever a later attempt says.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef

from campaigns import gateways
from campaigns.clock import database_now
from campaigns.domain.effects import READS, kinds_sent_to
from campaigns.domain.values import (
    IN_FLIGHT,
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
)
from campaigns.encryption import Undecryptable
from campaigns.enrollments.status import advance
from campaigns.execution import handlers
from campaigns.execution.handlers.call import ChartChanged
from campaigns.execution.settle import settle
from campaigns.locking import lock_appointments, lock_patient
from campaigns.look_queue import schedule_look, schedule_looks_of_patient
from campaigns.models import PROMPT, Attempt, Effect, Practice
from campaigns.outbox.queue import log_effect
from campaigns.ports import (
    EFFECT_IN_HAND,
    HELD_BACK,
    Deadline,
    GatewayError,
    LeaseLost,
    OutcomeUnknown,
    TryLater,
)

# What is left of the lease when the deadline strikes, for the recording transaction.
_LEASE_MARGIN = 0.25
# The sweeper asks again after so many effects, so that no answer waits for longer than that.
_BATCH = 50
DEFECT = "Kept could not carry this out. Tell your Kept operator; it is tried again."

logger = logging.getLogger(__name__)


def execute_effect(effect_id: int) -> bool:
    """Claim one effect, call its vendor and settle it; False when it may not be tried now."""
    effect = claim(effect_id)
    if effect is None:
        return False
    token = EFFECT_IN_HAND.set(effect.pk)
    try:
        _call_and_settle(effect)
    except LeaseLost:
        # Somebody else took it over after our lease had run out; they settle it.
        logger.info("lease_lost", extra={"effect": effect.pk})
    except OperationalError:
        # The database is busy or away: the lease runs out, and the outcome is asked about.
        raise
    except Exception:
        logger.exception("effect_failed", extra={"effect": effect.pk})
        settle(effect, OutcomeUnknown(DEFECT, code="defect"))
    finally:
        EFFECT_IN_HAND.reset(token)
    return True


def _call_and_settle(effect: Effect) -> None:
    try:
        done = _call(effect)
    except (GatewayError, ChartChanged) as failure:
        settle(effect, failure)
    else:
        settle(effect, done)


def claim(effect_id: int) -> Effect | None:
    """Take an effect in hand under a lease; None when it may not be tried now."""
    with transaction.atomic():
        effect = _locked(effect_id)
        now = database_now()
        if not _claimable(effect, now):
            return None
        effect.status = EffectStatus.CLAIMED
        effect.lease_token = str(uuid.uuid4())
        effect.lease_until = now + timedelta(seconds=effect.practice.effect_lease_seconds)
        effect.next_attempt_at = None
        effect.attempts += 1
        effect.first_attempt_at = effect.first_attempt_at or now
        effect.save(
            update_fields=[
                "status",
                "lease_token",
                "lease_until",
                "next_attempt_at",
                "attempts",
                "first_attempt_at",
            ]
        )
        _begin(effect, now)
        Attempt.objects.create(
            effect=effect, practice=effect.practice, number=effect.attempts, began_at=now
        )
        log_effect("effect.attempt", effect, number=effect.attempts)
        return effect


def _locked(effect_id: int) -> Effect:
    """The effect, locked after its patient and its appointment."""
    effect = Effect.objects.get(pk=effect_id)
    if effect.patient_id is not None:
        lock_patient(effect.patient_id)
    if effect.appointment_id is not None:
        lock_appointments([effect.appointment_id])
    return (
        Effect.objects.select_for_update(of=("self",))
        .select_related("practice", "patient", "appointment", "enrollment", "response")
        .get(pk=effect_id)
    )


def _claimable(effect: Effect, now: datetime) -> bool:
    if effect.status not in (EffectStatus.QUEUED, EffectStatus.UNKNOWN):
        return False
    if effect.next_attempt_at is None or effect.next_attempt_at > now:
        return False
    if effect.system in gateways.paused(effect.practice.external_id):
        return False
    if effect.status == EffectStatus.QUEUED and _look_comes_first(effect, now):
        return False
    return not _lane_taken(effect)


def _look_comes_first(effect: Effect, now: datetime) -> bool:
    """An effect that was never sent waits while its appointment is owed a look."""
    appointment = effect.appointment
    due = appointment.look_due_at if appointment is not None else None
    return due is not None and due <= now


def _lane_taken(effect: Effect) -> bool:
    """Whether another effect is in flight for the same vendor and subject."""
    if effect.patient_id is None:
        return False
    others = Effect.objects.filter(vendor=effect.vendor, status__in=IN_FLIGHT)
    if effect.appointment_id is not None:
        others = others.filter(appointment=effect.appointment_id)
    else:
        others = others.filter(patient=effect.patient_id, appointment__isnull=True)
    return others.exclude(pk=effect.pk).exists()


_BEGUN = {
    EffectKind.ENROLL: EnrollmentStatus.ENROLLING,
    EffectKind.CANCEL_ENROLLMENT: EnrollmentStatus.CANCELLING,
}


def _begin(effect: Effect, now: datetime) -> None:
    """Show on the enrollment that a change is on its way."""
    begun = _BEGUN.get(EffectKind(effect.kind))
    enrollment = effect.enrollment
    if begun is not None and enrollment is not None and enrollment.status != begun:
        advance(enrollment, begun, now)


def _call(effect: Effect) -> handlers.Completed:
    lease = effect.practice.effect_lease_seconds
    deadline = Deadline.after(lease * (1 - _LEASE_MARGIN))

    def still_ours() -> None:
        ours = Effect.objects.filter(
            pk=effect.pk, lease_token=effect.lease_token, lease_until__gt=database_now()
        )
        if not ours.exists():
            raise LeaseLost
        if deadline.remaining() <= 0:
            raise TryLater("There was no time left for this call.", code=HELD_BACK)

    still_ours()
    return handlers.execute(effect, handlers.Call(deadline, still_ours))


def release_expired(now: datetime) -> int:
    """Release effects whose process died in mid-call: a read is queued again, a write becomes
    unknown.
    """
    expired = Effect.objects.filter(status=EffectStatus.CLAIMED, lease_until__lte=now)
    released = 0
    for pk in expired.values_list("pk", flat=True):
        try:
            released += _release_one(pk, now)
        except Undecryptable:
            # A process with other keys releases it; the others behind it are not to wait.
            logger.exception("effect_not_readable", extra={"effect": pk})
    return released


def _release_one(effect_id: int, now: datetime) -> bool:
    with transaction.atomic():
        effect = _locked(effect_id)
        if effect.status != EffectStatus.CLAIMED or effect.lease_until is None:
            return False
        if effect.lease_until > now:
            return False
        _release(effect, now)
        return True


def _release(effect: Effect, now: datetime) -> None:
    repeatable = EffectKind(effect.kind) in READS
    effect.status = EffectStatus.QUEUED if repeatable else EffectStatus.UNKNOWN
    effect.unknown_since = None if repeatable else effect.unknown_since or now
    effect.lease_token, effect.lease_until = "", None
    effect.next_attempt_at = now
    effect.save(
        update_fields=["status", "unknown_since", "lease_token", "lease_until", "next_attempt_at"]
    )
    log_effect("effect.lease_expired", effect)


def retry_effect(effect: Effect) -> None:
    """Try an effect again because a person wishes it.

    A parked effect is asked about once more under its own key. A refused one is put aside, so that
    the next look asks for a new one with the next counter, if it still should be.
    """
    with transaction.atomic():
        effect = _locked(effect.pk)
        now = database_now()
        effect.priority = PROMPT
        if effect.status == EffectStatus.PARKED:
            effect.status, effect.next_attempt_at = EffectStatus.UNKNOWN, now
            effect.unknown_since = now
            _reopen(effect)
        elif effect.status in (EffectStatus.QUEUED, EffectStatus.UNKNOWN):
            effect.next_attempt_at = now
        elif effect.status == EffectStatus.REJECTED:
            effect.status = EffectStatus.SUPERSEDED
            _reopen(effect)
        effect.save(update_fields=["priority", "status", "next_attempt_at", "unknown_since"])
        log_effect("effect.redriven", effect)
        _look(effect, now)


def _reopen(effect: Effect) -> None:
    """Make the answer pending again whose chart write was refused."""
    response = effect.response
    if response is not None:
        response.outcome, response.outcome_sentence, response.settled_at = "pending", "", None
        response.save(update_fields=["outcome", "outcome_sentence", "settled_at"])


def _look(effect: Effect, now: datetime) -> None:
    if effect.appointment is not None:
        schedule_look(effect.appointment, now)
    elif effect.patient is not None:
        schedule_looks_of_patient(effect.patient, now)


def due_effects(now: datetime, practice: Practice) -> list[int]:
    """The effects that may be tried now: answers first, bulk work last; none that is paused."""
    paused = gateways.paused(practice.external_id)
    flying = Effect.objects.filter(vendor=OuterRef("vendor"), status__in=IN_FLIGHT)
    flying = flying.exclude(pk=OuterRef("pk"))
    of_visit = flying.filter(appointment=OuterRef("appointment"))
    of_patient = flying.filter(appointment__isnull=True, patient=OuterRef("patient"))
    return list(
        Effect.objects.filter(next_attempt_at__lte=now, practice=practice)
        .exclude(kind__in=kinds_sent_to(paused))
        # What waits for a look (_look_comes_first) must not fill the batch.
        .exclude(status=EffectStatus.QUEUED, appointment__look_due_at__lte=now)
        # Nor a lane that is taken.
        .exclude(Exists(of_visit))
        .exclude(Exists(of_patient), appointment__isnull=True)
        # What a patient answered comes before all else.
        .order_by(F("response").asc(nulls_last=True), "priority", "next_attempt_at", "pk")
        .values_list("pk", flat=True)[:_BATCH]
    )
