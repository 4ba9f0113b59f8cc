"""Campaign rules: the mapping that clinical ops keep, as one list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from campaigns.admin.practice_scope import PracticeAdmin, practices_for
from campaigns.domain.rule_match import EVERY_TYPE
from campaigns.labels import language
from campaigns.mapping import rule_text
from campaigns.mapping.rule_changes import held_change
from campaigns.mapping.types_list import address_of
from campaigns.models import AppointmentType, CampaignRule


@admin.register(CampaignRule)
class CampaignRuleAdmin(PracticeAdmin):
    """The campaign rules of all kinds of visits; each opens in the mapping, where it is changed."""

    list_display = ("kind", "modality", "risk", "spoken_language", "goes_to", "active")
    list_filter = ("active", "modality", "risk", "language")
    list_select_related = ("campaign", "practice")
    search_fields = ("appointment_type_id", "campaign__name")
    search_help_text = "A campaign's name, or the number of an appointment type."
    list_before_template = "admin/campaigns/rules_intro.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignRule]:
        """The rules with the names of their types, in one query."""
        kinds = AppointmentType.objects.filter(
            practice=OuterRef("practice"), external_id=OuterRef("appointment_type_id")
        )
        rows = super().get_queryset(request)
        return rows.annotate(kind_name=Subquery(kinds.values("name")[:1]))

    @display(description="kind of visit", ordering="appointment_type_id")
    def kind(self, rule: CampaignRule) -> str:
        """The type's name instead of its number."""
        if rule.appointment_type_id == EVERY_TYPE:
            return "every kind of visit"
        name = getattr(rule, "kind_name", None) or "unknown"
        return f"{name} ({rule.appointment_type_id})"

    @display(description="language", ordering="language")
    def spoken_language(self, rule: CampaignRule) -> str:
        """The language in words."""
        return language(rule.language)

    @display(description="campaign", ordering="campaign__name")
    def goes_to(self, rule: CampaignRule) -> str:
        """The campaign, or that there is none on purpose."""
        return rule.campaign.name if rule.campaign else "no reminders, on purpose"

    def title_of(self, rule: CampaignRule) -> str:
        """The kind of visit that the rule is for."""
        return f"{self.kind(rule)}, {language(rule.language)}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; while a change waits for approval it says so above."""
        self._say_if_one_waits(request)
        return super().changelist_view(request, extra_context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Past decisions name their rule, so it is switched off instead."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A new rule is made in the mapping."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("mapping")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The rules of its kind of visit, in the mapping: one editor, one preview, one way to
        save.
        """
        rule = self.get_object(request, unquote(object_id))
        if rule is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, rule):
            raise PermissionDenied
        return redirect(address_of(rule.practice, rule.appointment_type_id))

    def _say_if_one_waits(self, request: HttpRequest) -> None:
        if request.method != "GET" or not self.has_change_permission(request):
            return
        for practice in practices_for(request):
            change = held_change(practice)
            if change is not None:
                address = reverse("admin:campaigns_rulechange_change", args=[change.pk])
                said = format_html(
                    '{} <a class="underline" href="{}">Open the change</a>',
                    rule_text.held(change.moving, change.upcoming),
                    address,
                )
                self.message_user(request, said, messages.WARNING)
