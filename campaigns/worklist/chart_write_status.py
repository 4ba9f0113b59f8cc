"""How far the last answer about a visit has got on its way to the chart, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.values import EffectStatus, ReplyKind, ReplyOutcome
from campaigns.labels import REPLIES
from campaigns.models import Effect, Response

_PENDING = {
    EffectStatus.CLAIMED: "being written to the chart now",
    EffectStatus.UNKNOWN: "sent; checking whether the chart shows it",
}


@dataclass(frozen=True)
class ChartWriteStatus:
    """`state` is pending, written or refused; `badge` is the look that goes with it."""

    state: str
    sentence: str

    @property
    def badge(self) -> str:
        """The style of the coverage state that feels the same."""
        return {"pending": "pending", "written": "enrolled"}.get(self.state, "failed")


def chart_write_status(answer: Response | None, write: Effect | None) -> ChartWriteStatus | None:
    """The state of the newest answer; None when there is nothing to write."""
    if answer is None or answer.kind == ReplyKind.UNRECOGNIZED:
        return None
    said = REPLIES[ReplyKind(answer.kind)]
    if write is not None and write.status in (EffectStatus.REJECTED, EffectStatus.PARKED):
        return ChartWriteStatus("refused", f"{said}: not in the chart. {write.sentence}".strip())
    if answer.outcome == ReplyOutcome.PENDING:
        return ChartWriteStatus("pending", f"{said}: {_progress(write)}.")
    if answer.outcome == ReplyOutcome.APPLIED:
        return ChartWriteStatus("written", answer.outcome_sentence)
    return None


def _progress(write: Effect | None) -> str:
    if write is None:
        return "on its way to the chart"
    if write.status == EffectStatus.QUEUED and write.attempts:
        return "on its way to the chart; the last try did not get through"
    return _PENDING.get(EffectStatus(write.status), "on its way to the chart")
