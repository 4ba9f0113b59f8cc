"""The mapping editor: the kinds of visits, and the grid of rules of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns.access import open_to
from campaigns.clock import database_now
from campaigns.domain.values import Modality, OnCancel
from campaigns.labels import MODALITIES
from campaigns.mapping.csv_types import version_of_types
from campaigns.mapping.editor import NotOffered, decide_type, version_of_rules
from campaigns.mapping.grid import Cell, grid_of
from campaigns.mapping.history import history_of
from campaigns.mapping.rule_changes import ChangeRefused, held_change
from campaigns.mapping.suggestions import suggestions_for
from campaigns.mapping.types_list import address_of, types_of
from campaigns.models import AppointmentType, Practice
from campaigns.practices.choose import chosen_practice, open_practices

PLACES = [(modality.value, MODALITIES[modality].capitalize()) for modality in Modality]
ON_CANCEL = [
    ("", "As the practice does ({practice})"),
    (OnCancel.ASK.value, "Ask the desk"),
    (OnCancel.AUTO.value, "Cancel the visit in the chart"),
]
SPOKEN = {OnCancel.ASK: "ask the desk", OnCancel.AUTO: "cancel it in the chart"}


@require_safe
@open_to("mapping")
def mapping(request: HttpRequest) -> HttpResponse:
    """The list of types; with ?type= the grid of one, or of * for every type.

    ?use= names suggested campaigns to fill in, which changes nothing until it is saved.
    """
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        return render(request, "no_practice.html")
    return mapping_page(request, practice, request.GET.get("type", ""))


@require_POST
@open_to("mapping-type")
def decide(request: HttpRequest) -> HttpResponse:
    """What staff decide of a type itself: where it takes place, how private, on cancelling."""
    practice = posted_practice(request)
    row = get_object_or_404(
        AppointmentType.objects.select_related("practice"),
        practice=practice,
        external_id=request.POST.get("type", ""),
    )
    told = request.POST
    try:
        news = decide_type(
            row,
            told.get("modality", ""),
            "confidential" in told,
            told.get("on_cancel", ""),
            seen=told.get("seen", ""),
        )
    except (NotOffered, ChangeRefused) as objection:
        messages.error(request, str(objection))
    else:
        saved = "Saved. Kept looks again at the visits ahead."
        messages.success(request, saved if news else "Nothing was changed: it said so before.")
    return redirect(address_of(practice, row.external_id))


def mapping_page(
    request: HttpRequest,
    practice: Practice,
    type_id: str,
    chosen: Mapping[Cell, str] | None = None,
    objection: str = "",
) -> HttpResponse:
    """The page, with what is `chosen` but not saved, and what is wrong with it."""
    now = database_now()
    search = request.GET.get("find", "").strip()
    types = types_of(practice, now, search)
    shown = {
        "practices": open_practices(request),
        "practice": practice,
        "types": types,
        "search": search,
        "held": held_change(practice),
        "objection": objection,
    }
    if type_id:
        kind = types.row(type_id)
        if kind is None:
            raise Http404
        shown |= {"kind": kind, **_opened(request, practice, kind.external_id, chosen)}
    return render(request, "mapping/page.html", shown)


def posted_practice(request: HttpRequest) -> Practice:
    """The practice that a form is about; somebody else's does not exist."""
    practice = chosen_practice(request, open_practices(request))
    if practice is None:
        raise Http404
    return practice


def _opened(
    request: HttpRequest,
    practice: Practice,
    type_id: str,
    chosen: Mapping[Cell, str] | None,
) -> dict[str, Any]:
    row = AppointmentType.objects.filter(practice=practice, external_id=type_id).first()
    suggested = suggestions_for(practice, row.name, row.public_name) if row else []
    use = request.GET.getlist("use")
    filled = {one.cell: one.campaign for one in suggested if one.campaign in use}
    every_language = "languages" in request.GET
    cells = filled if chosen is None else dict(chosen)
    return {
        "row": row,
        "grid": grid_of(practice, type_id, database_now(), cells, every_language),
        "suggestions": suggested,
        "used": use,
        "history": history_of(practice, type_id),
        "seen": version_of_rules(practice, type_id),
        "type_seen": version_of_types([row] if row else []),
        "places": PLACES,
        "on_cancel": [
            (value, words.format(practice=SPOKEN[OnCancel(practice.on_cancel)]))
            for value, words in ON_CANCEL
        ],
    }
