"""Outcomes of the last weeks: counts by type, and what may honestly be said of reminders."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.models import Practice
from campaigns.practices.choose import chosen_practice, open_practices
from campaigns.reports.lead_times import FEWEST, compared
from campaigns.reports.outcomes import by_type, together
from campaigns.reports.recovered_slots import recovered

WEEKS = (4, 8, 12, 26)
USUAL = 8


@require_safe
@open_to("reports")
def reports(request: HttpRequest) -> HttpResponse:
    """Counts only: no patient is named here."""
    practices = open_practices(request)
    practice = chosen_practice(request, practices)
    if practice is None:
        return render(request, "no_practice.html")
    asked = request.GET.get("weeks", "")
    weeks = next((weeks for weeks in WEEKS if str(weeks) == asked), USUAL)
    shown = _page(practice, weeks)
    return render(
        request, "reports/page.html", {"practices": practices, "practice": practice, **shown}
    )


def _page(practice: Practice, weeks: int) -> dict[str, Any]:
    now = database_now()
    kinds = by_type(practice, weeks, now)
    slots = recovered(practice, weeks, now)
    return {
        "weeks": weeks,
        "choices": WEEKS,
        "kinds": kinds,
        "total": together(kinds),
        "comparison": compared(practice, weeks, now),
        "fewest": FEWEST,
        "slots": slots,
        "revenue": sum(row.revenue for row in slots if row.revenue is not None),
        "unvalued": [row for row in slots if row.value is None],
    }
