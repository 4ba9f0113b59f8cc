"""The front desk's page: whom to call, what else needs a person, and what has changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns import gateways
from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.disclosure_log import list_viewed
from campaigns.domain.reply_kinds import CALL_OUTCOMES, IN_BULK
from campaigns.local_time import clock, zone_of
from campaigns.models import Practice
from campaigns.phone_calls.undo import seconds_left, undoable_of
from campaigns.practices.choose import chosen_practice, open_practices
from campaigns.reference.names import Names, names_of
from campaigns.worklist.days import Show, days_in_words
from campaigns.worklist.filters import FilterValues, parse_filters
from campaigns.worklist.households import days_of
from campaigns.worklist.queries import (
    WorkListView,
    other_items,
    remaining,
    replies_to_read,
    unconfirmed,
    view_of,
    with_row_data,
)
from campaigns.worklist.return_url import list_address, remember, way_back
from campaigns.worklist.rows import COLUMNS, item_rows_of, rows_of
from campaigns.worklist.search import found, too_short
from campaigns.worklist.updates import chart_freshness, row_ids, update_of

PER_PAGE = 100


@require_safe
@open_to("worklist")
def worklist(request: HttpRequest) -> HttpResponse:
    """Unconfirmed visits of the next days, and the open work items of all others."""
    practices = open_practices(request)
    practice = chosen_practice(request, practices)
    if practice is None:
        return render(request, "no_practice.html")
    now, names = database_now(), names_of(practice)
    wanted = parse_filters(request.GET, practice, names)
    rows = wanted.listed(practice, now)
    remember(request, wanted.query(practice))
    shown = {
        **_about(practice, wanted, now),
        **_rows(request, rows, practice, names, now),
        **_undo(request, practice, now),
        "practices": practices,
        "hidden": _hidden(practice, wanted, rows, now),
        "known": ",".join(row_ids(rows)),
    }
    list_viewed("worklist", practice.external_id, shown["listed"], request.user)
    return render(request, "worklist/page.html", shown)


@open_to("worklist-search")
def search(request: HttpRequest) -> HttpResponse:
    """Rows by name or number. A POST, because addresses are remembered and logged."""
    if request.method != "POST":
        # Whoever has to sign in first comes back with a GET.
        return redirect("worklist")
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    text = " ".join(request.POST.get("q", "").split())[:80]
    about = {"practice": practice, "text": text, "back": way_back(request, practice)}
    if too_short(text):
        return render(request, "worklist/search.html", about)
    now, names = database_now(), names_of(practice)
    everything = WorkListView(
        unconfirmed(practice, now), other_items(practice, now, None), replies_to_read(practice)
    )
    shown = _rows(request, found(everything, text), practice, names, now)
    list_viewed("worklist.search", practice.external_id, shown["listed"], request.user)
    shown |= about | {
        "searched": everything.count(),
        "calls": CALL_OUTCOMES,
        "found": sum(shown[n].paginator.count for n in ("visits", "items", "replies")),
    }
    return render(request, "worklist/search.html", shown)


@require_POST
@open_to("worklist-news")
def news(request: HttpRequest) -> HttpResponse:
    """What came and went since the page was loaded. The page asks by itself, so it keeps nobody
    signed in.
    """
    request.unattended = True  # type: ignore[attr-defined]
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return HttpResponse(status=204)
    now = database_now()
    wanted = parse_filters(request.GET, practice, names_of(practice))
    known = [mark for mark in request.POST.get("known", "").split(",") if mark]
    marks = row_ids(wanted.listed(practice, now))
    told = update_of(marks, known, _heard(practice, now))
    shown = {
        "address": list_address(practice, wanted.query(practice)),
        "news": told,
        "time": _time(practice, now),
    }
    answer = render(request, "worklist/update_answer.html", shown)
    if request.POST.get("said") == f"{told.new},{told.gone}":
        # A screen reader would read it aloud once more; only the time is changed.
        answer["HX-Reswap"] = "none"
    return answer


def _about(practice: Practice, wanted: FilterValues, now: datetime) -> dict[str, Any]:
    """The view, its filters, and the counts of all views."""
    left = remaining(practice, now)
    views = [
        (show, words, left[show.value], wanted.show is show)
        for show, words in (
            (Show.SOON, days_in_words(Show.SOON, practice, now).removeprefix("from ")),
            (Show.ALL, f"next {practice.unconfirmed_hours} hours"),
            (Show.LATER, "put off until later"),
        )
    ]
    return {
        "practice": practice,
        "asked": wanted,
        "query": wanted.query(practice),
        "views": views,
        "remaining": left[wanted.show.value],
        "days_in_words": days_in_words(wanted.show, practice, now),
        "time": _time(practice, now),
        "news": update_of((), (), _heard(practice, now)),
        "outcomes": [(kind.value, row.label) for kind, row in IN_BULK.items()],
        "calls": CALL_OUTCOMES,
    }


def _undo(request: HttpRequest, practice: Practice, now: datetime) -> dict[str, Any]:
    """What this person can still take back."""
    rows = undoable_of(practice, request.user, now)
    return {"undoable": rows, "undo_seconds": seconds_left(rows)}


def _rows(
    request: HttpRequest,
    rows: WorkListView,
    practice: Practice,
    names: Names,
    now: datetime,
) -> dict[str, Any]:
    visits = _page(request, "page", with_row_data(rows.visits))
    items = _page(request, "items", rows.items)
    replies = _page(request, "replies", rows.replies)
    shown = rows_of(visits, practice, names, now)
    item_rows = item_rows_of(items, practice, names, now)
    reply_rows = item_rows_of(replies, practice, names, now)
    private = {visit.pk for visit in visits if visit.confidential}
    return {
        "columns": COLUMNS,
        "days": days_of(shown, private),
        "visits": visits,
        "items": items,
        "item_rows": item_rows,
        "replies": replies,
        "reply_rows": reply_rows,
        "listed": len(shown)
        + len(reply_rows)
        + sum(1 + len(row.item.waiting or ()) for row in item_rows),
    }


def _page(request: HttpRequest, name: str, rows: Any) -> Page:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get(name))


def _hidden(practice: Practice, wanted: FilterValues, rows: WorkListView, now: datetime) -> int:
    """How many rows the filters take away."""
    if not wanted.values:
        return 0
    return view_of(practice, now, wanted.show).count() - rows.count()


def _heard(practice: Practice, now: datetime) -> tuple[str, bool]:
    return chart_freshness(*gateways.heard(practice.external_id), practice, now)


def _time(practice: Practice, now: datetime) -> str:
    return clock(now.astimezone(zone_of(practice.time_zone)))
