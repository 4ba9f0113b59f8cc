"""The reasons for which the desk may cancel a visit, and whether the waitlist desk is
then texted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import ChartCancelReason, Practice


@dataclass(frozen=True)
class Reason:
    """One choice; `frees_slot` as athenahealth says of it."""

    external_id: str
    name: str
    preselected: bool
    frees_slot: bool


@dataclass(frozen=True)
class Cancelling:
    """What a cancellation of one visit may say, and what it leads to."""

    reasons: tuple[Reason, ...]
    waitlist: str

    @property
    def none_fits(self) -> bool:
        """Whether the practice has no reason that speaks of a patient's cancellation."""
        return not self.reasons


def reasons_of(practice: Practice) -> tuple[Reason, ...]:
    """The practice's reasons that speak of a patient's cancellation, its usual one first."""
    usual = cancel_reason_of(practice)
    rows: list[ChartCancelReason] = [] if usual is None else [usual]
    rows += [row for row in _fitting(practice) if row not in rows]
    return tuple(Reason(row.external_id, row.name, row == usual, row.frees_slot) for row in rows)


def cancelling_of(
    practice: Practice, reasons: tuple[Reason, ...], starts_at: datetime | None, now: datetime
) -> Cancelling:
    """The choices for one visit; the conditions are those of domain/replies.py."""
    return Cancelling(reasons, _waitlist(practice, starts_at, now))


def _waitlist(practice: Practice, starts_at: datetime | None, now: datetime) -> str:
    """Why the waitlist desk is not texted, whatever the reason; empty when it depends on the
    reason.
    """
    if not practice.waitlist_phone:
        return "The waitlist is not told: the practice has set no number for it."
    hours = timedelta(hours=practice.waitlist_notice_hours)
    if starts_at is None or starts_at - now < hours:
        return "The waitlist is not told: the visit is about to start."
    return ""


def cancel_reason_of(practice: Practice) -> ChartCancelReason | None:
    """The reason our cancellations carry: the setting's, else the first that fits by its flags.

    It must be the practice's own (positive id) and speak of a patient's cancellation: no no-show,
    no reschedule, no provider. One that frees the slot comes before one that does not.
    """
    if practice.cancel_reason_id:
        reasons = ChartCancelReason.objects.filter(practice=practice)
        return reasons.filter(external_id=practice.cancel_reason_id).first()
    return next(iter(_fitting(practice)), None)


def _fitting(practice: Practice) -> list[ChartCancelReason]:
    """The practice's own reasons that speak of a patient's cancellation, the most fitting first."""
    rows = ChartCancelReason.objects.filter(
        practice=practice, no_show=False, patient_rescheduled=False, provider_unavailable=False
    ).exclude(external_id__startswith="-")
    return sorted(
        rows, key=lambda r: ("patient" not in r.name.lower(), not r.frees_slot, r.external_id)
    )
