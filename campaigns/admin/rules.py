"""Campaign rules: the mapping that clinical ops keep."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from campaigns import doorbell
from campaigns.admin.practice_scope import PracticeAdmin, practices_for
from campaigns.admin.rule_form import RuleForm
from campaigns.admin.rule_preview import (
    LIST,
    SEEN,
    change_selected,
    preview_page,
    preview_without,
    ticked,
)
from campaigns.decisions.practice_snapshot import fact_of, rules_of
from campaigns.domain.rule_match import EVERY_TYPE
from campaigns.labels import language
from campaigns.mapping import rule_text
from campaigns.mapping.preview import without
from campaigns.mapping.preview_text import preview_of
from campaigns.mapping.rule_changes import (
    ChangeRefused,
    delete_rules,
    held_change,
    save_rule,
    switch_off_rules,
)
from campaigns.models import AppointmentType, CampaignRule

SAVED = "The campaign rule is saved."
# Buttons that do not lead back to the list; Django's own answers know them.
_GO_ON = {"_continue", "_addanother", "_popup"}


@admin.register(CampaignRule)
class CampaignRuleAdmin(PracticeAdmin):
    """Campaign rules; saving, switching off or deleting one makes looks due at every
    visit ahead.
    """

    form = RuleForm
    list_display = ("kind", "modality", "risk", "spoken_language", "goes_to", "active")
    list_filter = ("active", "modality", "risk", "language")
    list_select_related = ("campaign", "practice")
    search_fields = ("appointment_type_id", "campaign__name")
    search_help_text = "A campaign's name, or the number of an appointment type."
    actions = ("switch_off", "delete_selected")
    fieldsets = (
        (
            "Visits of this kind",
            {
                "fields": ("practice", "appointment_type_id", "modality", "risk", "language"),
                "description": "Of several rules that fit, the most exact one counts: the "
                "patient's language first, then kind of visit, modality and risk.",
            },
        ),
        ("get this campaign", {"fields": ("campaign", "active")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignRule]:
        """The rules with the names of their types, in one query."""
        kinds = AppointmentType.objects.filter(
            practice=OuterRef("practice"), external_id=OuterRef("appointment_type_id")
        )
        rows = super().get_queryset(request)
        return rows.annotate(kind_name=Subquery(kinds.values("name")[:1]))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """The form with the visitor's practices; a rule never moves to another practice."""
        form = super().get_form(request, obj, change, **kw)
        own = [obj.practice] if obj is not None else practices_for(request)
        return type("RuleForm", (form,), {"practices": own, "chosen": request.GET})

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

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """The form, then the page that shows the effect, then saving."""
        if request.method == "POST" and SEEN not in request.POST:
            page = self._effect(request, object_id)
            if page is not None:
                return page
        self._say_if_one_waits(request)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ChangeRefused as refusal:
            return self._refused(request, refusal)

    def save_model(self, request: HttpRequest, obj: CampaignRule, form: Any, change: bool) -> None:
        """Store the rule as one change of the mapping."""
        save_rule(obj, user=request.user, include_messaged=ticked(request))
        doorbell.ring()

    def response_add(
        self, request: HttpRequest, obj: CampaignRule, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Back to the list."""
        if _GO_ON & request.POST.keys():
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, SAVED, messages.SUCCESS)
        return self.response_post_save_add(request, obj)

    def response_change(self, request: HttpRequest, obj: CampaignRule) -> HttpResponse:
        """Back to the list."""
        if _GO_ON & request.POST.keys():
            return super().response_change(request, obj)
        self.message_user(request, SAVED, messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Ask once more, and say what deleting the rule does to the visits."""
        rule = self.get_object(request, unquote(object_id))
        if rule is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_delete_permission(request, rule):
            raise PermissionDenied
        if request.method == "POST":
            change_selected(request, [rule], delete_rules, "deleted")
            return redirect(LIST)
        return preview_without(request, [rule], "Delete", {"post": "yes"})

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[CampaignRule]
    ) -> HttpResponse | None:
        """Delete several rules as one change of the mapping."""
        rules = list(queryset.select_related("practice"))
        if SEEN not in request.POST:
            return preview_without(request, rules, "Delete")
        change_selected(request, rules, delete_rules, "deleted")
        return None

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(
        self, request: HttpRequest, queryset: QuerySet[CampaignRule]
    ) -> HttpResponse | None:
        """Switch several rules off as one change of the mapping."""
        rules = list(queryset.filter(active=True).select_related("practice"))
        if SEEN not in request.POST:
            return preview_without(request, rules, "Switch off")
        change_selected(request, rules, switch_off_rules, "switched off")
        return None

    def _effect(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The page with the effect, if the form is sound and the visitor may save it."""
        rule = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id and (rule is None or not self.has_change_permission(request, rule)):
            return None
        if not object_id and not self.has_add_permission(request):
            return None
        form = self.get_form(request, rule, change=rule is not None)(request.POST, instance=rule)
        if not form.is_valid():
            return None
        new: CampaignRule = form.save(commit=False)
        after = without(rules_of(new.practice), {new.pk})
        if new.active:
            after = (*after, fact_of(new))
        preview = preview_of(new.practice, after, ticked(request))
        chosen = {name: request.POST[name] for name in form.fields if request.POST.get(name)}
        back = f"{request.path}?{urlencode(chosen)}"
        return preview_page(request, "Save this campaign rule?", [(new.practice, preview)], back)

    def _refused(self, request: HttpRequest, refusal: ChangeRefused) -> HttpResponse:
        self.message_user(request, str(refusal), messages.ERROR)
        return redirect(LIST)

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
