"""Trying a decision on a booked visit or on a described one. Nothing is saved, nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.decision_preview import run
from campaigns.decision_preview.answer import PreviewAnswer, answer_of, next_visits
from campaigns.decision_preview.forms import CaseForm
from campaigns.disclosure_log import list_viewed, page_viewed
from campaigns.domain.snapshot import Snapshot
from campaigns.domain.values import System
from campaigns.labels import VENDORS
from campaigns.local_time import spoken
from campaigns.mapping.rule_text import campaign_names
from campaigns.models import Appointment, Practice
from campaigns.practices.choose import chosen_practice, open_practices


@dataclass
class _Tried:
    """What the page shows beside its forms."""

    answers: list[PreviewAnswer] = field(default_factory=list)
    paused: str = ""
    about: str = ""
    visit: Appointment | None = None
    error: str = ""
    asked: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@open_to("try")
def try_decision(request: HttpRequest) -> HttpResponse:
    """The page. A booked visit is asked for by POST, so that its number stays out of addresses and
    logs.
    """
    practice = chosen_practice(request, practices := open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    described = request.method != "POST" and "type" in request.GET
    form = CaseForm(practice, request.GET if described else None)
    tried = _Tried()
    if request.method == "POST":
        tried = _booked(request, practice)
    elif described and form.is_valid():
        snapshot = run.of_described(practice, form.case, database_now())
        answers = _answers(practice, snapshot, run.STAND_INS)
        tried = _Tried(answers, _paused(practice, snapshot), "the visit you described")
    shown = {
        "practices": practices,
        "practice": practice,
        "form": form,
        "tried": tried,
        "chart_name": VENDORS[practice.vendor_of(System.CHART)],
        "engagement_name": VENDORS[practice.vendor_of(System.ENGAGEMENT)],
        **_picks(request, practice, form),
    }
    wrong = tried.error or (described and not form.is_valid())
    return render(request, "decision_preview/page.html", shown, status=422 if wrong else 200)


def _booked(request: HttpRequest, practice: Practice) -> _Tried:
    asked = request.POST.get("visit", "").strip()
    rows = Appointment.objects.filter(practice=practice).select_related("practice", "patient")
    visit = rows.filter(external_id=asked).first() if asked else None
    if visit is None:
        error = "Kept knows no visit with this number. Check it in athenahealth."
        return _Tried(error=error if asked else "Please give the visit's number.", asked=asked)
    page_viewed("try", visit, request.user)
    when = spoken(visit.starts_at, visit.time_zone or practice.time_zone)
    about = f"{visit.type_name}{', ' if when else ''}{when}, {visit.patient.both_names}"
    snapshot = run.of_booked(visit)
    return _Tried(
        _answers(practice, snapshot), _paused(practice, snapshot), about, visit, asked=asked
    )


def _paused(practice: Practice, snapshot: Snapshot) -> str:
    """The vendors to which nothing is sent just now."""
    return " and ".join(VENDORS[practice.vendor_of(system)] for system in sorted(snapshot.paused))


def _answers(
    practice: Practice, snapshot: Snapshot, shown_as: dict[str, str] | None = None
) -> list[PreviewAnswer]:
    names = campaign_names(practice)
    return [
        answer_of(trial.snapshot, trial.outcome, trial.approved, names, shown_as)
        for trial in run.previews_of(snapshot, database_now())
    ]


def _picks(request: HttpRequest, practice: Practice, form: CaseForm) -> dict[str, Any]:
    """The next visits of the chosen type, to pick one of; who saw them is audited."""
    kinds = list(form["type"].field.choices)  # type: ignore[attr-defined]
    of = request.GET.get("of", "")
    if of not in dict(kinds):
        return {"kinds": kinds, "of": ""}
    visits = list(next_visits(practice, of, database_now()))
    list_viewed("try", practice.external_id, len(visits), request.user)
    picks = [(row, spoken(row.starts_at, row.time_zone or practice.time_zone)) for row in visits]
    return {"kinds": kinds, "of": of, "picks": picks}
