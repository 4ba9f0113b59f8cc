"""From the grid to the rules: first what it would do to the visits ahead, then saving."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaigns.access import open_to
from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.csv_rules import RuleLine
from campaigns.mapping.editor import (
    CHANGED_MEANWHILE,
    NotOffered,
    is_type_of,
    lines_of,
    save_cells,
    version_of_rules,
)
from campaigns.mapping.grid import Cell, cell_of, field_of, was_field_of
from campaigns.mapping.preview_text import preview_of
from campaigns.mapping.rule_changes import WAITS, ChangeRefused, held_change, planned
from campaigns.mapping.rule_text import held
from campaigns.mapping.types_list import address_of
from campaigns.mapping.views import mapping_page, posted_practice
from campaigns.models import Practice, RuleChange

SAVED = "Saved. Kept moves the visits now, one after the other."
NOTHING = "Nothing was changed: the grid says what the rules say already."


@require_POST
@open_to("mapping-rules")
def rules(request: HttpRequest) -> HttpResponse:
    """`step` is effect (show what would happen), save, or back (to the grid, as it was left)."""
    practice = posted_practice(request)
    type_id = request.POST.get("type", "")
    if not is_type_of(practice, type_id):
        raise Http404
    cells = _cells(request)
    try:
        lines = lines_of(practice, type_id, cells)
    except NotOffered as objection:
        return mapping_page(request, practice, type_id, cells, str(objection))
    if request.POST.get("step") == "back":
        return mapping_page(request, practice, type_id, cells)
    refusal = _refusal(request, practice, type_id)
    if refusal:
        return mapping_page(request, practice, type_id, cells, refusal)
    if not lines:
        messages.info(request, NOTHING)
        return redirect(address_of(practice, type_id))
    if request.POST.get("step") == "save":
        return _saved(request, practice, type_id, cells, lines)
    return _effect(request, practice, type_id, cells, lines)


def said_of(request: HttpRequest, change: RuleChange | None) -> None:
    """Tell the person what became of their change."""
    if change is None:
        messages.info(request, NOTHING)
    elif change.status == RuleChangeStatus.HELD:
        messages.warning(request, held(change.moving, change.upcoming))
    else:
        messages.success(request, SAVED)


def ticked(request: HttpRequest) -> bool:
    """Whether visits that are confirmed or were written to are to move too."""
    return "include_messaged" in request.POST


def _cells(request: HttpRequest) -> dict[Cell, str]:
    """The cells that the person changed: a cell left alone must not undo a colleague's change."""
    named = ((cell_of(field), str(value)) for field, value in request.POST.items())
    return {
        cell: value
        for cell, value in named
        if cell is not None and request.POST.get(was_field_of(cell)) != value
    }


def _refusal(request: HttpRequest, practice: Practice, type_id: str) -> str:
    if held_change(practice) is not None:
        return WAITS
    if request.POST.get("seen") != version_of_rules(practice, type_id):
        return CHANGED_MEANWHILE
    return ""


def _saved(
    request: HttpRequest,
    practice: Practice,
    type_id: str,
    cells: dict[Cell, str],
    lines: list[RuleLine],
) -> HttpResponse:
    try:
        change = save_cells(
            practice,
            type_id,
            lines,
            seen=request.POST.get("seen", ""),
            user=request.user,
            include_messaged=ticked(request),
        )
    except ChangeRefused as refusal:
        return mapping_page(request, practice, type_id, cells, str(refusal))
    said_of(request, change)
    return redirect(address_of(practice, type_id))


def _effect(
    request: HttpRequest,
    practice: Practice,
    type_id: str,
    cells: dict[Cell, str],
    lines: list[RuleLine],
) -> HttpResponse:
    _, after = planned(practice, lines)
    # Only cells that differ are sent on: saving must not undo a colleague's change of another.
    changed = {line.key[1:] for line in lines}
    shown = {
        "practice": practice,
        "type_id": type_id,
        "preview": preview_of(practice, after, ticked(request)),
        "ticked": ticked(request),
        "sent": [(field_of(cell), value) for cell, value in cells.items() if cell in changed],
        "seen": request.POST.get("seen", ""),
    }
    return render(request, "mapping/preview.html", shown)
