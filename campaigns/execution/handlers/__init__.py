"""One function per effect kind: it calls a gateway and says what to write down when it is done.

No transaction is open while a handler runs. No handler repeats a call: retries live in the outbox.
Before one sends a write that an earlier attempt may have done (`effect.maybe_done`), it asks the
vendor whether it was done.
"""

from __future__ import annotations

from collections.abc import Callable

from campaigns.domain.values import EffectKind
from campaigns.execution.handlers import (
    chart_patient,
    chart_reads,
    chart_writes,
    engagement_patient,
    enrollments,
    messages,
)
from campaigns.execution.handlers.call import Call, Completed
from campaigns.models import Effect

HANDLERS: dict[EffectKind, Callable[[Effect, Call], Completed]] = {
    EffectKind.READ_PATIENT: chart_patient.read,
    EffectKind.READ_HISTORY: chart_reads.history,
    EffectKind.READ_APPOINTMENT: chart_reads.appointment,
    EffectKind.READ_ENROLLMENT: enrollments.read,
    EffectKind.UPSERT_PATIENT: engagement_patient.upsert,
    EffectKind.ENROLL: enrollments.enroll,
    EffectKind.UPDATE_ENROLLMENT: enrollments.update,
    EffectKind.CANCEL_ENROLLMENT: enrollments.cancel,
    EffectKind.RESEND: messages.resend,
    EffectKind.WAITLIST_NOTICE: messages.waitlist_notice,
    EffectKind.TELL_CONSENT: engagement_patient.tell_consent,
    EffectKind.WRITE_CONFIRMATION: chart_writes.write_confirmation,
    EffectKind.CANCEL_APPOINTMENT: chart_writes.cancel_appointment,
    EffectKind.SCHEDULE_NOTE: chart_writes.schedule_note,
    EffectKind.PATIENT_CASE: chart_writes.patient_case,
    EffectKind.ALERT: messages.alert,
}


def execute(effect: Effect, call: Call) -> Completed:
    """Do what the effect says; raises GatewayError, ChartChanged or LeaseLost."""
    return HANDLERS[EffectKind(effect.kind)](effect, call)


__all__ = ["HANDLERS", "Call", "Completed", "execute"]
