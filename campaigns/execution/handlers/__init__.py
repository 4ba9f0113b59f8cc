"""One function per effect kind: it calls a gateway and says what to write down when it is done.

No transaction is open while these run. They repeat nothing; they ask before they repeat what may
have been done (`effect.maybe_done`).
"""

from __future__ import annotations

from collections.abc import Callable

from campaigns.domain.values import EffectKind
from campaigns.execution.handlers import alerts, messages
from campaigns.execution.handlers import chart_patient as patientrecord
from campaigns.execution.handlers import chart_reads as reads
from campaigns.execution.handlers import chart_writes as chart
from campaigns.execution.handlers import engagement_patient as patient
from campaigns.execution.handlers import enrollments as enrollment
from campaigns.execution.handlers.call import Call, Done
from campaigns.models import Effect

EXECUTORS: dict[EffectKind, Callable[[Effect, Call], Done]] = {
    EffectKind.READ_PATIENT: patientrecord.read,
    EffectKind.READ_HISTORY: reads.history,
    EffectKind.READ_APPOINTMENT: reads.appointment,
    EffectKind.READ_ENROLLMENT: enrollment.read,
    EffectKind.UPSERT_PATIENT: patient.upsert,
    EffectKind.ENROLL: enrollment.enroll,
    EffectKind.UPDATE_ENROLLMENT: enrollment.update,
    EffectKind.CANCEL_ENROLLMENT: enrollment.cancel,
    EffectKind.RESEND: messages.resend,
    EffectKind.WAITLIST_NOTICE: messages.waitlist_notice,
    EffectKind.WRITE_CONFIRMATION: chart.write_confirmation,
    EffectKind.CANCEL_APPOINTMENT: chart.cancel_appointment,
    EffectKind.SCHEDULE_NOTE: chart.schedule_note,
    EffectKind.PATIENT_CASE: chart.patient_case,
    EffectKind.ALERT: alerts.send,
}


def execute(effect: Effect, call: Call) -> Done:
    """Do what the effect says; raises GatewayError, ChartChanged or LeaseLost."""
    return EXECUTORS[EffectKind(effect.kind)](effect, call)


__all__ = ["EXECUTORS", "Call", "Done", "execute"]
