"""What a person does with one row of the work list: calls, says how it went, or takes it back."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.local_time import day_and_time
from campaigns.models import Appointment, Response
from campaigns.phone_calls.claims import ClaimedByAnother, claim, release
from campaigns.phone_calls.forms import CallForm, number
from campaigns.phone_calls.history import called, calling_on
from campaigns.phone_calls.record import MovedMeanwhile, NotInTime, record_call, undo_call
from campaigns.practices.choose import open_practices
from campaigns.worklist.return_url import way_back

INCOMPLETE = "This form is not complete. Go back and load the page again."
MOVED = (
    "Nothing was recorded: this visit was moved while you were calling. "
    "Please look at the new time."
)
NOT_IN_TIME = "Nothing was recorded: choose a time to call back that is before the visit."
AT_MOST_TAKEN_BACK = 100


@require_POST
@open_to("call")
def call(request: HttpRequest, appointment: int) -> HttpResponse:
    """How a call went; the same press counts once, however often it arrives."""
    visit = get_object_or_404(_visits_of(request), pk=appointment)
    form = CallForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(INCOMPLETE)
    said = form.cleaned_data
    try:
        response = record_call(
            visit,
            form.reply(),
            request.user,
            form=said["form"],
            seen=said["seen"],
            details=form.details(visit, database_now()),
            anyway=said["anyway"],
        )
    except ClaimedByAnother as other:
        return _ask_once(request, visit, other)
    except MovedMeanwhile:
        messages.warning(request, MOVED)
    except NotInTime:
        messages.warning(request, NOT_IN_TIME)
    except ValueError:
        return HttpResponseBadRequest(INCOMPLETE)
    else:
        if response is None:
            messages.info(request, "Nothing new: this was recorded before.")
    return redirect(way_back(request, visit.practice, f"visit-{visit.pk}"))


def _ask_once(request: HttpRequest, visit: Appointment, other: ClaimedByAnother) -> HttpResponse:
    """Ask the person whether to record it all the same, since somebody else is calling: nothing is
    recorded yet.
    """
    sent = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    shown = {
        "visit": visit,
        "who": called(other.claim.user),
        "until": day_and_time(other.claim.until, visit.practice.time_zone, database_now()),
        "sent": sent,
        "back": way_back(request, visit.practice, f"visit-{visit.pk}"),
    }
    return render(request, "phone_calls/claimed.html", shown, status=409)


@require_POST
@open_to("undo-call")
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what was recorded a moment ago: one outcome, or all that the form names."""
    sent = (number(value) for value in request.POST.getlist("response"))
    ids = [pk for pk in sent if pk is not None]
    mine = Response.objects.filter(practice__in=open_practices(request), given_by=request.user.pk)
    rows = list(mine.filter(pk__in=ids[:AT_MOST_TAKEN_BACK]).select_related("practice"))
    if not rows:
        return HttpResponseBadRequest(INCOMPLETE)
    done = sum(undo_call(row, request.user) for row in rows)
    late = len(rows) - done
    if done:
        what = "Taken back" if done == 1 else f"{done} calls taken back"
        messages.success(request, f"{what}. Nothing was sent to the chart.")
    if late:
        what = "It" if late == 1 else f"{late} of them"
        messages.warning(request, f"Too late to take back. {what} went to the chart already.")
    return redirect(way_back(request, rows[0].practice, f"visit-{rows[0].appointment_id}"))


@require_POST
@open_to("claim")
def claiming(request: HttpRequest, appointment: int) -> HttpResponse:
    """Say that I am calling about this visit; with `take_over` also when somebody else was."""
    visit = get_object_or_404(_visits_of(request), pk=appointment)
    take_over = request.POST.get("take_over") == "1"
    try:
        claim(visit, request.user, take_over=take_over)
    except ClaimedByAnother as other:
        who = called(other.claim.user)
        if not _in_place(request):
            messages.warning(request, f"{who} is calling this patient. You can take over.")
    return _claim_answer(request, visit)


@require_POST
@open_to("release")
def releasing(request: HttpRequest, appointment: int) -> HttpResponse:
    """Say that I am not calling any more."""
    visit = get_object_or_404(_visits_of(request), pk=appointment)
    release(visit, request.user)
    return _claim_answer(request, visit)


def _claim_answer(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """The piece of the row that says who is calling, or without a script the list again."""
    if not _in_place(request):
        return redirect(way_back(request, visit.practice, f"visit-{visit.pk}"))
    row = Appointment.objects.select_related("practice", "patient", "claim__user").get(pk=visit.pk)
    calling = calling_on(row, row.practice.time_zone, database_now())
    shown = {"calling": calling, "visit_id": row.pk, "name": row.patient.both_names}
    return render(request, "phone_calls/caller.html", shown)


def _in_place(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _visits_of(request: HttpRequest) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(practice__in=open_practices(request))
    return rows.select_related("practice", "patient")
