"""Enrollments, decisions and instructions: what is, why it was decided, and what staff said."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import (
    STATE_LOOKS,
    about,
    badge,
    campaign_column,
    in_words,
    moment,
    visit_link,
    with_campaign,
    worded,
)
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.domain.coverage import State
from campaigns.domain.values import EffectKind, InstructionKind
from campaigns.labels import (
    CHANNELS,
    EFFECTS,
    END_REASONS,
    ENROLLMENTS,
    INSTRUCTIONS,
    STATES,
    finding,
)
from campaigns.models import Campaign, DecisionRecord, Enrollment, StaffInstruction


class CampaignNamed(ReadOnlyAdmin):
    """Rows that hold Relatient's id of a campaign, shown with the campaign's name."""

    campaign_name = campaign_column

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows with the names of their campaigns, in one query."""
        return with_campaign(super().get_queryset(request))


@admin.register(Enrollment)
class EnrollmentAdmin(CampaignNamed):
    """What Relatient holds for our visits. Names and numbers of patients are not shown."""

    visit = visit_link()
    began = moment("created_at", "asked for")
    ended = moment("ended_at", "ended")
    starts = moment("starts_at", "visit starts")
    stands = worded("status", ENROLLMENTS, "status")
    why = worded("end_reason", END_REASONS, "ended because")
    first = worded("lead_channel", CHANNELS, "first by")
    list_display = ("began", "visit", "generation", "campaign_name", "stands", "ended", "why")
    list_filter = (
        ("status", in_words(ENROLLMENTS)),
        ("end_reason", in_words(END_REASONS)),
        "ended_elsewhere",
    )
    list_select_related = ("practice", "appointment")
    ordering = ("-created_at", "-pk")
    search_fields = ("vendor_id__exact", "appointment__external_id__exact")
    search_help_text = "An appointment number, or Relatient's enrollment id."
    fields = (
        "visit",
        "generation",
        "campaign_name",
        "stands",
        "vendor_id",
        "starts",
        "first",
        "began",
        "ended",
        "why",
        "ended_elsewhere",
    )
    readonly_fields = fields

    def title_of(self, row: Enrollment) -> str:
        """The campaign and the visit, in words."""
        return about("Reminders", row.appointment)


@admin.register(DecisionRecord)
class DecisionAdmin(CampaignNamed):
    """Every decision that said something new, with the finding of each step."""

    visit = visit_link()
    when = moment("at", "when")
    list_display = ("when", "visit", "state_word", "meaning", "campaign_name")
    list_filter = (("state", in_words(STATES)), "code")
    list_select_related = ("practice", "appointment")
    ordering = ("-at", "-pk")
    search_fields = ("appointment__external_id__exact",)
    search_help_text = "An appointment number of athenahealth."
    fields = ("when", "visit", "state_word", "meaning", "campaign_name", "found", "asked_for")
    readonly_fields = fields

    def title_of(self, row: DecisionRecord) -> str:
        """The state and the visit, in words."""
        return about(f"Decided: {STATES[State(row.state)].lower()}", row.appointment)

    @display(description="what that means")
    def meaning(self, row: DecisionRecord) -> str:
        """The sentence of the decision's code."""
        return row.sentence

    @display(description="coverage", ordering="state")
    def state_word(self, row: DecisionRecord) -> SafeString:
        """The state as a badge with its word."""
        return badge(STATE_LOOKS.get(row.state, ""), STATES[State(row.state)])

    @display(description="findings")
    def found(self, row: DecisionRecord) -> SafeString:
        """The findings: what each step was given, and what it concluded."""
        rows = Campaign.objects.filter(practice=row.practice)
        names = dict(rows.values_list("external_id", "name"))
        lines = [finding(f, saw, said, names) for f, saw, said in row.findings]
        return format_html(
            "<ol>{}</ol>", format_html_join("", "<li><b>{}</b>: {} → {}</li>", lines)
        )

    @display(description="effects asked for")
    def asked_for(self, row: DecisionRecord) -> str:
        """The kinds of the effects that the decision asked for."""
        return "; ".join(EFFECTS[EffectKind(kind)] for kind in row.effects) or "nothing"


@admin.register(StaffInstruction)
class InstructionAdmin(CampaignNamed):
    """What colleagues told Kept about single visits; obeyed until withdrawn."""

    visit = visit_link()
    when = moment("given_at", "given")
    withdrawn = moment("withdrawn_at", "withdrawn")
    what = worded("kind", INSTRUCTIONS, "what")
    list_display = ("when", "visit", "what", "campaign_name", "reason", "given_by", "withdrawn")
    list_filter = (("kind", in_words(INSTRUCTIONS)),)
    list_select_related = ("practice", "appointment", "given_by")
    fields = list_display
    readonly_fields = list_display

    def title_of(self, row: StaffInstruction) -> str:
        """The instruction and the visit, in words."""
        return about(INSTRUCTIONS[InstructionKind(row.kind)], row.appointment)
