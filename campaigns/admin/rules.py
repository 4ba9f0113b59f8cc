"""Campaign rules: the mapping that clinical ops keep."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.decorators import display

from campaigns import doorbell
from campaigns.admin.ruleform import RuleForm
from campaigns.admin.scope import PracticeAdmin, practices_for
from campaigns.domain.rules import EVERY_TYPE
from campaigns.models import AppointmentType, CampaignRule
from campaigns.services.configuration import rule_as_said, rule_changed
from campaigns.wording import language


@admin.register(CampaignRule)
class CampaignRuleAdmin(PracticeAdmin):
    """Saving, switching off or deleting a rule makes Kept look at every upcoming visit again."""

    form = RuleForm
    list_display = ("kind", "modality", "risk", "spoken_language", "goes_to", "active")
    list_filter = ("active", "modality", "risk", "language")
    list_select_related = ("campaign", "practice")
    search_fields = ("appointment_type_id", "campaign__name")
    search_help_text = "A campaign's name, or the number of an appointment type."
    actions = ("switch_off",)
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
        """With the name of the kind of visit, in one query."""
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
        return type("RuleForm", (form,), {"practices": own})

    @display(description="kind of visit", ordering="appointment_type_id")
    def kind(self, rule: CampaignRule) -> str:
        """The name, not the number."""
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
        """An empty campaign is a decision too."""
        return rule.campaign.name if rule.campaign else "no reminders, on purpose"

    def title_of(self, rule: CampaignRule) -> str:
        """By whom it is for."""
        return f"{self.kind(rule)}, {language(rule.language)}"

    def save_model(self, request: HttpRequest, obj: CampaignRule, form: Any, change: bool) -> None:
        """Audited with what it said before."""
        stored = CampaignRule.objects.select_related("campaign").get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if stored is None:
            self._changed(obj, "created")
        elif form.changed_data:
            self._changed(obj, "updated", rule_as_said(stored))

    def delete_model(self, request: HttpRequest, obj: CampaignRule) -> None:
        """Audited while it can still be named."""
        self._changed(obj, "removed", rule_as_said(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CampaignRule]) -> None:
        """One by one, so that each leaves its trace; all or none."""
        with transaction.atomic():
            for rule in queryset.select_related("practice", "campaign"):
                self.delete_model(request, rule)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[CampaignRule]) -> None:
        """Several at once."""
        with transaction.atomic():
            rules = list(queryset.filter(active=True))
            for rule in rules:
                before = rule_as_said(rule)
                rule.active = False
                rule.save(update_fields=["active"])
                self._changed(rule, "updated", before)
        self.message_user(request, f"{len(rules)} rules are switched off.")

    def _changed(self, rule: CampaignRule, what: str, before: list[str] | None = None) -> None:
        rule_changed(rule, what, before)
        doorbell.ring()
