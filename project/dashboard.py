"""The console's first page. settings.UNFOLD names `dashboard`."""

from typing import Any

from django.http import HttpRequest

from campaigns.admin.scope import practices_for
from campaigns.clock import database_now
from campaigns.selectors.attention import coverage_of, stuck


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the numbers of the visitor's own practices."""
    practices, now = practices_for(request), database_now()
    coverage = coverage_of(practices, now)
    return {
        **context,
        "coverage": coverage,
        "coverage_total": sum(number for _, _, number in coverage),
        "stuck": stuck(practices, now),
    }
