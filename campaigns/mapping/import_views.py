"""Rules and types as CSV files, in the browser: a dry run first, then taken over, and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.access import open_to
from campaigns.mapping.csv_rules import read_rules, write_rules
from campaigns.mapping.csv_types import read_types, version_of_types, write_types
from campaigns.mapping.editor import CHANGED_MEANWHILE, import_lines, import_types, version_of_rules
from campaigns.mapping.preview_text import preview_of
from campaigns.mapping.rule_changes import WAITS, ChangeRefused, held_change, planned
from campaigns.mapping.save_views import said_of, ticked
from campaigns.mapping.upload import BadFile, text_of, types_changed_by
from campaigns.mapping.views import posted_practice
from campaigns.models import Practice
from campaigns.practices.choose import chosen_practice, open_practices

RULES, TYPES = "rules", "types"
WRITERS: dict[str, Callable[[Practice], str]] = {RULES: write_rules, TYPES: write_types}
Shown = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@open_to("mapping-import")
def import_file(request: HttpRequest) -> HttpResponse:
    """The form; a file that was sent is only looked at, until `step` says apply."""
    if request.method != "POST":
        practice = chosen_practice(request, open_practices(request))
        if practice is None:
            return render(request, "no_practice.html")
        return _page(request, practice)
    practice = posted_practice(request)
    what = request.POST.get("what")
    if what not in WRITERS:
        raise Http404
    applying = request.POST.get("step") == "apply"
    try:
        text = text_of(request.FILES.get("file"), request.POST.get("text"))
    except BadFile as objection:
        return _page(request, practice, what=what, objection=str(objection))
    if what == TYPES:
        return _types(request, practice, text, applying)
    return _rules(request, practice, text, applying)


@require_safe
@open_to("mapping-export")
def export_file(request: HttpRequest, what: str) -> HttpResponse:
    """The rules or types as a file that the import takes back. It names no patient."""
    if what not in WRITERS:
        raise Http404
    practice = posted_practice(request)
    answer = HttpResponse(WRITERS[what](practice), content_type="text/csv; charset=utf-8")
    name = f"{what}-{practice.external_id}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _rules(request: HttpRequest, practice: Practice, text: str, applying: bool) -> HttpResponse:
    lines, errors = read_rules(practice, text)
    replace, seen = "replace" in request.POST, version_of_rules(practice)
    shown: Shown = {"what": RULES, "replace": replace, "text": text}
    if errors:
        return _page(request, practice, **shown, errors=errors)
    if held_change(practice) is not None:
        return _page(request, practice, **shown, objection=WAITS)
    if applying:
        try:
            _, change = import_lines(
                practice,
                lines,
                replace=replace,
                seen=request.POST.get("seen", ""),
                user=request.user,
                include_messaged=ticked(request),
            )
        except ChangeRefused as refusal:
            shown |= {"objection": str(refusal)}
            # Its effect as it is now can be looked at and applied, unless a change waits.
            if str(refusal) != CHANGED_MEANWHILE:
                return _page(request, practice, **shown)
        else:
            said_of(request, change)
            return redirect(_here(practice))
    changes, after = planned(practice, lines, replace=replace)
    preview = preview_of(practice, after, ticked(request))
    shown |= {"seen": seen, "changes": changes, "preview": preview, "ticked": ticked(request)}
    return _page(request, practice, **shown)


def _types(request: HttpRequest, practice: Practice, text: str, applying: bool) -> HttpResponse:
    lines, errors = read_types(practice, text)
    shown: Shown = {"what": TYPES, "text": text}
    if errors:
        return _page(request, practice, **shown, errors=errors)
    if applying:
        try:
            done = import_types(practice, lines, seen=request.POST.get("seen", ""))
        except ChangeRefused as refusal:
            # read_types may have read them before the colleague was done.
            shown |= {"objection": str(refusal)}
            lines, _ = read_types(practice, text)
        else:
            said = f"Saved: {done.updated} changed, {done.unchanged} as they were."
            messages.success(request, said)
            return redirect(_here(practice))
    changes, sentences = types_changed_by(lines)
    shown |= {"seen": version_of_types(line.row for line in lines)}
    return _page(request, practice, **shown, changes=changes, type_lines=sentences)


def _page(request: HttpRequest, practice: Practice, **shown: Any) -> HttpResponse:
    shown |= {"practices": open_practices(request), "practice": practice}
    return render(request, "mapping/import.html", shown)


def _here(practice: Practice) -> str:
    return f"{reverse('mapping-import')}?practice={practice.pk}"
