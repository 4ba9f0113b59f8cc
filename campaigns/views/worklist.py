"""The front desk's page: whom to call, and the buttons for how the call went."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from campaigns.access import open_to
from campaigns.clinictime import clock, zone_of
from campaigns.clock import database_now
from campaigns.domain.values import ReplyKind
from campaigns.models import FRONT_DESK, Appointment, Practice, WorkItem
from campaigns.selectors import worklist as lists
from campaigns.selectors.reference import names_of
from campaigns.selectors.worklistrows import item_rows_of, rows_of
from campaigns.services.staff import (
    CALLED,
    MovedMeanwhile,
    close_work_item,
    list_viewed,
    record_call,
)
from campaigns.views.practices import chosen_practice, open_practices

PER_PAGE = 100
SAID = {
    ReplyKind.CONFIRMED: "Confirmed. It is on its way to the chart.",
    ReplyKind.CANCELLED: "Cancelled. It is on its way to the chart.",
    ReplyKind.LEFT_VOICEMAIL: "Voicemail noted. The patient stays on the list.",
}


@require_safe
@open_to(FRONT_DESK)
def worklist(request: HttpRequest) -> HttpResponse:
    """Unconfirmed visits of the next hours, and the open work items of all others."""
    practices = open_practices(request)
    practice = chosen_practice(request, practices)
    if practice is None:
        return render(request, "campaigns/no_practice.html")
    shown = _page(request, practice)
    list_viewed("worklist", practice.external_id, shown["listed"], request.user)
    return render(
        request, "campaigns/worklist.html", {"practices": practices, "practice": practice, **shown}
    )


def _page(request: HttpRequest, practice: Practice) -> dict[str, Any]:
    now = database_now()
    names = names_of(practice)
    waiting = lists.unconfirmed(practice, now)
    visits = Paginator(lists.with_story(waiting), PER_PAGE).get_page(request.GET.get("page"))
    items = Paginator(lists.other_items(practice, now), PER_PAGE).get_page(request.GET.get("items"))
    rows = rows_of(visits, practice, names, now)
    item_rows = item_rows_of(items, practice, names, now)
    return {
        "days": [(day, list(group)) for day, group in groupby(rows, lambda row: row.visit.day)],
        "visits": visits,
        "remaining": lists.unanswered(waiting).count(),
        "items": items,
        "item_rows": item_rows,
        "listed": len(rows) + sum(1 + len(row.item.waiting or ()) for row in item_rows),
        "time": clock(now.astimezone(zone_of(practice.time_zone))),
    }


@require_POST
@open_to(FRONT_DESK)
def call(request: HttpRequest, appointment: int) -> HttpResponse:
    """How a call went; the same press counts once, however often it arrives."""
    visit = get_object_or_404(_visits_of(request), pk=appointment)
    kind, form = _kind(request), _form(request)
    if kind is None or form is None:
        return HttpResponseBadRequest("This form is not complete. Go back and load the page again.")
    seen = parse_datetime(request.POST.get("seen", ""))
    try:
        record_call(visit, kind, request.user, form=form, seen=seen)
    except MovedMeanwhile:
        messages.warning(
            request,
            "Nothing was recorded: this visit was moved while you were calling. "
            "Please look at the new time.",
        )
    else:
        messages.success(request, SAID[kind])
    return _back(visit.practice_id, f"visit-{visit.pk}")


@require_POST
@open_to(FRONT_DESK)
def done(request: HttpRequest, item: int) -> HttpResponse:
    """A person dealt with a work item."""
    mine = WorkItem.objects.filter(practice__in=open_practices(request))
    row = get_object_or_404(mine, pk=item)
    if close_work_item(row, request.user):
        messages.success(request, "Done. It has left the list.")
    else:
        messages.info(request, "Nothing to do: this was closed before, or closes by itself.")
    return _back(row.practice_id, "main")


def _visits_of(request: HttpRequest) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(practice__in=open_practices(request))
    return rows.select_related("practice", "patient")


def _kind(request: HttpRequest) -> ReplyKind | None:
    return next((kind for kind in CALLED if kind.value == request.POST.get("kind")), None)


def _form(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form", ""))
    except ValueError:
        return None


def _back(practice: int, place: str) -> HttpResponse:
    return redirect(f"{reverse('worklist')}?practice={practice}#{place}")
