"""Clinical ops' page: who gets reminders in the coming weeks, and where the mapping has holes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.coverage import page
from campaigns.coverage.gaps import Hole, holes_of
from campaigns.coverage.groups import groups_of, weeks_ahead
from campaigns.coverage.links import mapping_of, rule_in_words, rule_of
from campaigns.decisions.practice_snapshot import campaigns_of, rules_of
from campaigns.labels import STATES
from campaigns.models import Practice
from campaigns.practices.choose import chosen_practice, open_practices

WEEKS = (1, 2, 4, 8)
USUAL = 4


@require_safe
@open_to("coverage")
def coverage(request: HttpRequest) -> HttpResponse:
    """Counts only: no patient is named here."""
    practices = open_practices(request)
    practice = chosen_practice(request, practices)
    if practice is None:
        return render(request, "no_practice.html")
    shown = _page(practice, _weeks(request))
    return render(
        request, "coverage/page.html", {"practices": practices, "practice": practice, **shown}
    )


def _weeks(request: HttpRequest) -> int:
    asked = request.GET.get("weeks", "")
    return next((weeks for weeks in WEEKS if str(weeks) == asked), USUAL)


def _page(practice: Practice, weeks: int) -> dict[str, Any]:
    now = database_now()
    window = weeks_ahead(practice, weeks, now)
    groups = groups_of(practice, window)
    rules, campaigns = rules_of(practice), campaigns_of(practice)
    types = page.types_of(practice)
    holes = holes_of(groups, rules, campaigns, practice.language)
    called = {group.type_id: group.type_name for group in groups}
    called |= types

    def row(hole: Hole) -> dict[str, Any]:
        name = called.get(hole.type_id) or f"type {hole.type_id}"
        return {"hole": hole, "name": name, "fix": mapping_of(hole.type_id, types)}

    return {
        "weeks": weeks,
        "choices": WEEKS,
        "share": page.share_of(groups),
        "unmapped": [row(hole) for hole in holes.unmapped],
        "variants": [row(hole) for hole in holes.variants],
        "ended": [(campaigns[id_].name, visits) for id_, visits in holes.ended.items()],
        "idle": [(rule_in_words(rule, called, campaigns), rule_of(rule.id)) for rule in holes.idle],
        "reasons": page.reasons_of(practice, window, groups),
        "states": [STATES[state] for state in page.SHOWN],
        "ledger": page.ledger_of(
            practice, window, groups, types, (hole.type_id for hole in holes.unmapped)
        ),
        "rules": len(rules),
        "outstanding": page.looks_outstanding([practice], now),
        "change_waits": page.change_waits(practice),
    }
