"""Whether what Kept wrote again after an unclear end stands in the chart twice."""

from __future__ import annotations

from campaigns import gateways
from campaigns.clock import database_now
from campaigns.execution.handlers.chart_writes import in_the_chart
from campaigns.ports import Deadline, GatewayError, Guard
from campaigns.reconciliation import repeated_writes
from integrations.reconcile.engagement_side import is_about_one
from integrations.reconcile.progress import Phase, Round
from integrations.reconcile.report import WRITTEN_TWICE

CALL_SECONDS = 60


def compare_writes(round_: Round, guard: Guard) -> str:
    """Count each suspect in the chart, a call each; seldom is there one."""
    practice = round_.practice
    written = 0
    for effect in repeated_writes.suspects(practice):
        deadline = Deadline.after(CALL_SECONDS)
        ehr = gateways.ehr(practice.external_id, deadline=deadline, guard=guard)
        try:
            count = in_the_chart(effect, ehr)
        except GatewayError as error:
            if not is_about_one(error):
                raise
            continue
        written += 1
        if repeated_writes.judge(effect, count):
            round_.find(WRITTEN_TWICE, effect.pk)
    now = database_now().isoformat()
    round_.save(phase=Phase.COMPARED.value, compared_at=now)
    return f"{written} notes and tasks were sent again"
