"""The console's first page. settings.UNFOLD names `dashboard`."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from campaigns.admin.scope import practices_for
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.selectors.attention import Line, coverage_of, stuck
from integrations import unknowns


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the numbers of the visitor's own practices."""
    practices, now = practices_for(request), database_now()
    coverage = coverage_of(practices, now)
    return {
        **context,
        "coverage": coverage,
        "coverage_total": sum(number for _, _, number in coverage),
        "stuck": [*stuck(practices, now), *_drift(practices, now)],
    }


def _drift(practices: list[Practice], now: datetime) -> list[Line]:
    """What the vendors sent for the first time in these days, if anything."""
    count = unknowns.first_seen_lately(practices, now)
    words = "Values from a vendor that Kept does not know, first seen in the last 7 days."
    return [Line(count, words, "/admin/integrations/unknownvalue/")] if count else []
