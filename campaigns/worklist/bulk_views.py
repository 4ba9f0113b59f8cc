"""One outcome for several rows: tick them, look at whom it is about, then record it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.disclosure_log import list_viewed
from campaigns.domain.reply_kinds import IN_BULK
from campaigns.domain.values import ReplyKind
from campaigns.labels import REPLIES
from campaigns.models import Appointment, Practice
from campaigns.phone_calls.forms import number
from campaigns.practices.choose import chosen_practice, open_practices
from campaigns.reference.names import names_of
from campaigns.worklist.bulk import Picked, Result, record_all
from campaigns.worklist.return_url import way_back
from campaigns.worklist.rows import visit_of

# As many as a page of the list has; a form with more was not made by it.
MOST = 100
_RECORDED = (Result.DONE, Result.REPEATED)
WORDS = {
    Result.DONE: "Recorded.",
    Result.REPEATED: "Recorded already, by the same press.",
    Result.MOVED: "Not recorded: the visit was moved meanwhile. Look at the new time.",
    Result.ANSWERED: "Not recorded: this was answered meanwhile, or needs no call any more.",
    Result.CLAIMED: "Not recorded: a colleague is calling this patient.",
}


@open_to("worklist-bulk")
def preview(request: HttpRequest) -> HttpResponse:
    """The page that says how many and whom; nothing is recorded yet."""
    if request.method != "POST":
        # Whoever has to sign in first comes back with a GET.
        return redirect("worklist")
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    kind, picked = _kind(request), _picked(request, practice)
    if kind is None or not picked:
        what = "tick at least one visit" if kind else "choose how the calls went"
        messages.warning(request, f"Nothing was recorded: please {what} first.")
        return redirect(way_back(request, practice))
    list_viewed("worklist.bulk", practice.external_id, len(picked), request.user)
    names, now = names_of(practice), database_now()
    shown = {
        "form": uuid4(),
        "rows": [
            (
                f"{one.visit.pk}@{one.seen.isoformat() if one.seen else ''}",
                one.visit.patient.both_names,
                visit_of(one.visit, practice, names, now),
            )
            for one in picked
        ],
    }
    return render(request, "worklist/bulk_preview.html", shown | _about(request, practice, kind))


@open_to("worklist-bulk-apply")
def apply(request: HttpRequest) -> HttpResponse:
    """Record the outcome for each row, and say what became of each."""
    if request.method != "POST":
        return redirect("worklist")
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    kind, form = _kind(request), _form(request)
    if kind is None or form is None:
        return HttpResponseBadRequest("This form is not complete. Go back and load the page again.")
    picked = _picked(request, practice)
    outcomes = list(record_all(picked, kind, request.user, form=form))
    recorded = sum(one.result in _RECORDED for one in outcomes)
    if recorded == len(outcomes):
        messages.success(request, f"{REPLIES[kind]}: recorded for {recorded}.")
        return redirect(way_back(request, practice))
    list_viewed("worklist.bulk", practice.external_id, len(outcomes), request.user)
    names, now = names_of(practice), database_now()
    shown = {
        "recorded": recorded,
        "rows": [
            (
                one.visit.patient.both_names,
                visit_of(one.visit, practice, names, now),
                WORDS[one.result],
            )
            for one in outcomes
            if one.result not in _RECORDED
        ],
    }
    return render(request, "worklist/bulk_done.html", shown | _about(request, practice, kind))


def _about(request: HttpRequest, practice: Practice, kind: ReplyKind) -> dict[str, Any]:
    return {
        "practice": practice,
        "kind": kind.value,
        "outcome": REPLIES[kind],
        "back": way_back(request, practice),
    }


def _kind(request: HttpRequest) -> ReplyKind | None:
    return next((kind for kind in IN_BULK if kind.value == request.POST.get("kind")), None)


def _form(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form", ""))
    except ValueError:
        return None


def _picked(request: HttpRequest, practice: Practice) -> list[Picked]:
    """The ticked rows, soonest first. A tick is a visit's id and the start that was shown."""
    ticks = dict(tick.partition("@")[::2] for tick in request.POST.getlist("visit")[:MOST])
    seen = {number(pk): start for pk, start in ticks.items()}
    ids = [pk for pk in seen if pk is not None]
    visits = Appointment.objects.filter(practice=practice, pk__in=ids)
    return [
        Picked(visit, _moment(seen[visit.pk]))
        for visit in visits.select_related("practice", "patient").order_by("local_start", "pk")
    ]


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
