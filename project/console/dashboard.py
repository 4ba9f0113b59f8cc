"""The console's first page. settings.UNFOLD names `dashboard`.

The number of queries is the same however many visits there are.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from campaigns.admin.practice_scope import practices_for
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.reports.last_two_weeks import Series, fortnight
from campaigns.reports.status_counts import Line, coverage_of, stuck
from campaigns.reports.today_and_tomorrow import today_and_tomorrow
from integrations.drift.store import first_seen_lately
from integrations.health.vendor_health import GOOD, health_of, in_one_sentence
from project.console.charts import HEIGHT, WIDTH, bars
from project.console.setup_checklist import first_steps


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the numbers of the visitor's own practices."""
    practices, now = practices_for(request), database_now()
    active = [practice for practice in practices if practice.active]
    coverage = coverage_of(practices, now)
    healths = health_of(active, now)
    past = fortnight(active, now)
    total = sum(number for _, _, number in coverage)
    steps = first_steps(active, healths, request.user) if active else []
    return {
        **context,
        "coverage": coverage,
        "coverage_total": total,
        "stuck": [*stuck(practices, now), *_drift(practices, now)],
        "days": today_and_tomorrow(active, now),
        "healths": healths,
        "several": len(active) > 1,
        "all_well": in_one_sentence(healths) if _well(healths, active) else "",
        "past": past,
        "charts": [_chart(series) for series in past.outcomes],
        "chart_size": f"0 0 {WIDTH} {HEIGHT}",
        "steps": steps,
        # Nothing but zeros would stand there.
        "fresh": bool(steps) and not past.visits.total and not total,
    }


def _well(healths: list[Any], practices: list[Practice]) -> bool:
    return len(practices) == 1 and all(health.look == GOOD for health in healths)


def _chart(series: Series) -> dict[str, Any]:
    return {"series": series, "bars": bars(series.numbers), "most": max(series.numbers)}


def _drift(practices: list[Practice], now: datetime) -> list[Line]:
    """What the vendors sent for the first time in these days, if anything."""
    count = first_seen_lately(practices, now)
    words = "Values from a vendor that Kept does not know, first seen in the last 7 days."
    return [Line(count, words, "/admin/integrations/unknownvalue/")] if count else []
