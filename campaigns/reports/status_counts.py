"""What whoever is responsible for Kept asks first: how upcoming visits stand, and what is stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from campaigns.decisions.failed_looks import failed_looks
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.values import AppointmentStatus, EffectStatus
from campaigns.labels import STATES
from campaigns.models import Appointment, Effect, Practice, WorkItem

# What never mends itself, the most urgent first, and who can mend it is in the sentence.
_STUCK = (
    Code.CREDENTIALS_REJECTED,
    Code.OUTCOME_UNKNOWN,
    Code.VENDOR_REJECTED,
    Code.CONNECTION_PAUSED,
    Code.TIME_ZONE_UNKNOWN,
    Code.NO_RULE,
    Code.CAMPAIGN_INACTIVE,
    Code.NO_PROVIDER,
    Code.PATIENT_AMBIGUOUS,
)
FAILED_LOOKS = "/admin/campaigns/appointment/?when=all&look_failed_at__isnull=False"


@dataclass(frozen=True)
class Line:
    """A number, what it counts, and the list that shows them."""

    count: int
    words: str
    address: str


def coverage_of(practices: Sequence[Practice], now: datetime) -> list[tuple[str, str, int]]:
    """Upcoming visits by state: the state, its word and how many."""
    counted = dict(
        _upcoming(practices, now)
        .order_by()
        .values_list("coverage_state")
        .annotate(number=Count("pk"))
    )
    shown = [state for state in STATES if state is not State.CLOSED]
    return [(state.value, STATES[state], counted.get(state, 0)) for state in shown]


def stuck(practices: Sequence[Practice], now: datetime) -> list[Line]:
    """What waits for a person; counts of zero are left out."""
    counted = dict(
        _upcoming(practices, now)
        .order_by()
        .values_list("coverage_code")
        .annotate(number=Count("pk"))
    )
    visits = "/admin/campaigns/appointment/?coverage_code__exact="
    effects = Effect.objects.filter(practice__in=practices)
    failed = failed_looks(practices)
    lines = [
        Line(failed.count, failed.sentence, FAILED_LOOKS),
        Line(
            effects.filter(status=EffectStatus.PARKED).count(),
            "Effects whose outcome nobody knows. Check at the vendor, then try again.",
            "/admin/campaigns/effect/?status__exact=parked",
        ),
        Line(
            effects.filter(status=EffectStatus.REJECTED).count(),
            "Effects that were refused. Mend the reason, then try again.",
            "/admin/campaigns/effect/?status__exact=rejected",
        ),
        *(
            Line(counted.get(code, 0), sentence_of(code), f"{visits}{code.value}")
            for code in _STUCK
        ),
        Line(
            WorkItem.objects.filter(practice__in=practices, closed_at__isnull=True).count(),
            "Work items that are open at the front desk.",
            "/admin/campaigns/workitem/",
        ),
    ]
    return [line for line in lines if line.count]


def _upcoming(practices: Sequence[Practice], now: datetime) -> QuerySet[Appointment]:
    ahead = Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    return Appointment.objects.filter(
        ahead, practice__in=practices, status=AppointmentStatus.SCHEDULED
    )
