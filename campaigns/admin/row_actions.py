"""Buttons on a row's page that do something. They are POST forms: a link must never act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from campaigns.admin.practice_scope import PracticeAdmin


@dataclass(frozen=True)
class Verb:
    """One button: `offered` says for which rows, `act` does it and returns a sentence for the
    person.
    """

    name: str
    label: str
    offered: Callable[[Any], bool]
    act: Callable[[HttpRequest, Any], str]


class VerbsAdmin(PracticeAdmin):
    """Shows the buttons above a row. Pressing one needs the right to change the row, even where no
    form does.
    """

    verbs: tuple[Verb, ...] = ()
    change_form_outer_before_template = "admin/campaigns/row_actions.html"

    def has_verb_permission(self, request: HttpRequest) -> bool:
        """Whether the role may change such rows: a read-only form does not take that right away."""
        return admin.ModelAdmin.has_change_permission(self, request)

    def get_urls(self) -> list[URLPattern]:
        """One address per row and verb."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do)
        return [path("<path:object_id>/do/<slug:verb>/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The row's page with its buttons."""
        row = self.get_object(request, object_id)
        address = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
        buttons = [
            {"label": verb.label, "address": reverse(address, args=[object_id, verb.name])}
            for verb in self.verbs
            if row is not None and self.has_verb_permission(request) and verb.offered(row)
        ]
        context = {**(extra_context or {}), "verbs": buttons}
        return super().change_view(request, object_id, form_url, context)

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Carry out the action, say what came of it, and show the row again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_verb_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        wanted = next((one for one in self.verbs if one.name == verb), None)
        if row is None or wanted is None:
            raise Http404
        if wanted.offered(row):
            self.message_user(request, wanted.act(request, row))
        else:
            self.message_user(request, "There was nothing to do any more.")
        return redirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        )
