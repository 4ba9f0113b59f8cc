"""The end of an attempt: what the outcome means for the effect and for what it was about."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns import gateways
from campaigns.clock import database_now
from campaigns.domain.backoff import delay_seconds
from campaigns.domain.effects import PATIENT_KINDS, READS
from campaigns.domain.values import (
    EffectKind,
    EffectStatus,
    EnrollmentStatus,
    OutcomeKind,
)
from campaigns.enrollments.status import ImpossibleTransition, advance
from campaigns.execution.handlers import Completed
from campaigns.execution.handlers.call import ChartChanged
from campaigns.locking import lock_appointments, lock_patient, retried
from campaigns.look_queue import schedule_look, schedule_looks_of_patient
from campaigns.models import Effect
from campaigns.outbox.alerts import alert
from campaigns.outbox.queue import log_effect
from campaigns.ports import (
    CREDENTIALS,
    NOT_THE_VENDORS_WORD,
    ONLY_WAITING,
    GatewayError,
    OutcomeUnknown,
    Refused,
)

_jitter = random.SystemRandom()

# How a call ended.
Result = Completed | GatewayError | ChartChanged


@dataclass(frozen=True)
class Ending:
    """How one attempt ended, in the outbox's terms."""

    outcome: OutcomeKind
    status: EffectStatus
    code: str = ""
    sentence: str = ""
    http_status: int | None = None
    request_id: str = ""
    retry_after: float | None = None


def settle(effect: Effect, result: Result) -> None:
    """Record an attempt's end if the lease is still ours; else leave it to who took over.

    Done again after a deadlock: reads that tell of one merge from both its sides need both
    records, and each has locked its own.
    """
    try:
        retried(lambda: _settle(effect, result))
    except ImpossibleTransition:
        sentence = "Relatient's answer does not fit what Kept knows of this enrollment."
        _settle(effect, Refused(sentence, code="vendor_nonsense"))


def _settle(effect: Effect, result: Result) -> None:
    with transaction.atomic():
        ours = _still_ours(effect)
        if ours is None:
            return
        now = database_now()
        ending = _ending(ours, result, now)
        if isinstance(result, Completed):
            result.apply(ours, now)
        elif isinstance(result, ChartChanged):
            result.observe()
        _write(ours, ending, now)
        _undo_begin(ours, ending, now)
        _look(ours, now)


def _still_ours(effect: Effect) -> Effect | None:
    if effect.patient_id is not None:
        lock_patient(effect.patient_id)
    if effect.appointment_id is not None:
        lock_appointments([effect.appointment_id])
    return (
        Effect.objects.select_for_update(of=("self",))
        .select_related("practice", "patient", "appointment", "enrollment", "response")
        .filter(pk=effect.pk, lease_token=effect.lease_token, status=EffectStatus.CLAIMED)
        .first()
    )


def _ending(effect: Effect, result: Result, now: datetime) -> Ending:
    if isinstance(result, Completed):
        return Ending(OutcomeKind.ACCEPTED, EffectStatus.ACCEPTED, sentence=result.sentence)
    if isinstance(result, ChartChanged):
        sentence = "The chart had moved on, so nothing was written. Looking again."
        return Ending(OutcomeKind.REJECTED, EffectStatus.SUPERSEDED, "moved_on", sentence)
    outcome, status = _classify(effect, result, now)
    return Ending(
        outcome,
        status,
        result.code,
        result.sentence,
        result.http_status,
        result.request_id,
        result.retry_after,
    )


# Refusals that come before the vendor looks at the request: of an earlier attempt they say nothing.
ASKED_TOO_EARLY = frozenset({CREDENTIALS, *NOT_THE_VENDORS_WORD})


def _classify(
    effect: Effect, error: GatewayError, now: datetime
) -> tuple[OutcomeKind, EffectStatus]:
    """The table: what an error means for an effect that may, or may not, have been done."""
    read = EffectKind(effect.kind) in READS
    if isinstance(error, Refused) and error.code == CREDENTIALS and _paused(effect):
        # The whole connection is refused, not this effect: it waits until that is mended.
        return OutcomeKind.LATER, EffectStatus.UNKNOWN if effect.maybe_done else EffectStatus.QUEUED
    if isinstance(error, Refused) and not (effect.maybe_done and error.code in ASKED_TOO_EARLY):
        return OutcomeKind.REJECTED, _refused(effect)
    if isinstance(error, OutcomeUnknown) and not read:
        return OutcomeKind.UNKNOWN, _unknown(effect, now)
    if effect.maybe_done and error.code in ONLY_WAITING:
        # The vendor was not asked, or asked for a pause: no step towards a person.
        return OutcomeKind.LATER, EffectStatus.UNKNOWN
    if effect.maybe_done:
        return OutcomeKind.LATER, _unknown(effect, now)
    return OutcomeKind.LATER, EffectStatus.QUEUED


def _refused(effect: Effect) -> EffectStatus:
    """The status of a refused effect: superseded, if it was about a record that was merged away,
    since then nobody has to see to it.
    """
    gone = effect.patient is not None and effect.patient.merged_into_id is not None
    about_record = EffectKind(effect.kind) in PATIENT_KINDS
    return EffectStatus.SUPERSEDED if gone and about_record else EffectStatus.REJECTED


def _paused(effect: Effect) -> bool:
    return effect.system in gateways.paused(effect.practice.external_id)


def _unknown(effect: Effect, now: datetime) -> EffectStatus:
    """The status of an unknown outcome: asked about again for some hours, then parked for
    a person.
    """
    patience = timedelta(hours=effect.practice.alert_after_hours)
    began = effect.unknown_since or now
    return EffectStatus.PARKED if now - began > patience else EffectStatus.UNKNOWN


def _write(effect: Effect, ending: Ending, now: datetime) -> None:
    effect.status = ending.status
    effect.code, effect.sentence = ending.code[:60], ending.sentence[:300]
    effect.lease_token, effect.lease_until = "", None
    waiting = ending.status in (EffectStatus.QUEUED, EffectStatus.UNKNOWN)
    open_question = ending.status in (EffectStatus.UNKNOWN, EffectStatus.PARKED)
    effect.unknown_since = (effect.unknown_since or now) if open_question else None
    effect.next_attempt_at = _next_attempt(effect, ending, now) if waiting else None
    effect.finished_at = None if waiting or effect.status == EffectStatus.PARKED else now
    effect.save(
        update_fields=[
            "status",
            "code",
            "sentence",
            "lease_token",
            "lease_until",
            "unknown_since",
            "next_attempt_at",
            "finished_at",
        ]
    )
    effect.tries.filter(number=effect.attempts).update(
        ended_at=now,
        outcome=ending.outcome,
        code=effect.code,
        sentence=effect.sentence,
        http_status=ending.http_status,
        request_id=ending.request_id[:120],
    )
    detail = {"number": effect.attempts, "code": effect.code, "http_status": ending.http_status}
    log_effect(f"effect.{ending.outcome.value}", effect, **detail)
    if effect.status == EffectStatus.PARKED:
        _mail(effect, now)


def _mail(effect: Effect, now: datetime) -> None:
    """Tell the administrators, once a day: a parked effect waits for a person."""
    practice = effect.practice
    today = now.astimezone(ZoneInfo(practice.time_zone)).date()
    alert(
        practice,
        f"parked-{today:%Y%m%d}",
        f"Kept needs a person for {practice.name}",
        "Kept could not learn whether something that it asked of a vendor was done, and has "
        "stopped asking. Check it at the vendor, then choose Try again on the console's page "
        "Effects, or run `redrive`.\n\nThere may be more by now; this is mailed once a day.",
    )


def _next_attempt(effect: Effect, ending: Ending, now: datetime) -> datetime:
    practice = effect.practice
    seconds = delay_seconds(
        effect.attempts,
        base=practice.retry_base_seconds,
        ceiling=practice.retry_minutes * 60,
        jitter=_jitter.random(),
        asked=ending.retry_after,
    )
    return now + timedelta(seconds=seconds)


# Where an enrollment goes when a change to it was certainly not made.
_BACK = {
    (EffectKind.ENROLL, EffectStatus.QUEUED): EnrollmentStatus.WANTED,
    (EffectKind.ENROLL, EffectStatus.REJECTED): EnrollmentStatus.FAILED,
    (EffectKind.CANCEL_ENROLLMENT, EffectStatus.QUEUED): EnrollmentStatus.ACTIVE,
    (EffectKind.CANCEL_ENROLLMENT, EffectStatus.REJECTED): EnrollmentStatus.ACTIVE,
}


def _undo_begin(effect: Effect, ending: Ending, now: datetime) -> None:
    """Put the enrollment back where a change that was certainly not made had found it."""
    enrollment = effect.enrollment
    back = _BACK.get((EffectKind(effect.kind), ending.status))
    if enrollment is not None and back is not None:
        advance(enrollment, back, now)


def _look(effect: Effect, now: datetime) -> None:
    """Make looks due at the visits that waited for this effect, with its urgency."""
    kind = EffectKind(effect.kind)
    if effect.patient is not None and (kind in READS or effect.appointment is None):
        schedule_looks_of_patient(effect.patient, now, effect.priority)
    if effect.appointment is not None:
        schedule_look(effect.appointment, now, effect.priority)
