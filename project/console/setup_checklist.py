"""What a new practice still has to do, as a list that ticks itself off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from campaigns.models import Appointment, AppointmentType, Campaign, CampaignRule, Practice
from integrations.health.vendor_health import Health

_CONNECTIONS = "/admin/integrations/connection/"


@dataclass(frozen=True)
class Step:
    """One thing to do, where, and whether it is done; no address for whom it is closed."""

    words: str
    address: str
    done: bool


def first_steps(practices: Sequence[Practice], healths: Iterable[Health], user: Any) -> list[Step]:
    """The steps of the practices together; empty once all of them are done. One query."""
    rows = Practice.objects.filter(pk__in=[practice.pk for practice in practices]).annotate(
        has_types=_has(AppointmentType),
        has_campaigns=_has(Campaign),
        has_rules=_has(CampaignRule),
        has_visits=_has(Appointment),
    )
    ready = list(rows.order_by())
    steps = [
        Step(
            "Connect athenahealth and Relatient.",
            _CONNECTIONS if user.has_perm("integrations.view_connection") else "",
            all(health.connected for health in healths),
        ),
        Step(
            "Load the types of visit and the campaigns (command bootstrap).",
            "/admin/campaigns/campaign/",
            all(row.has_types and row.has_campaigns for row in ready),
        ),
        Step(
            "Say which type of visit gets which campaign.",
            "/admin/campaigns/campaignrule/",
            all(row.has_rules for row in ready),
        ),
        Step(
            "Take in the visits that were booked before (command backfill).",
            "/admin/integrations/syncrun/",
            all(row.has_visits for row in ready),
        ),
    ]
    return [] if all(step.done for step in steps) else steps


def _has(model: type) -> Exists:
    return Exists(model._default_manager.filter(practice=OuterRef("pk")))  # type: ignore[attr-defined]
