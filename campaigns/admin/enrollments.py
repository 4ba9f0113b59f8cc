"""Enrollments, decisions and instructions: what is, why it was decided, and what staff said."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import STATE_LOOKS, badge, moment, visit_link
from campaigns.admin.scope import ReadOnlyAdmin
from campaigns.domain.coverage import State
from campaigns.models import DecisionRecord, Enrollment, StaffInstruction
from campaigns.wording import FILTERS, STATES, concluded


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnlyAdmin):
    """What Relatient holds for our visits. Names and numbers of patients are not shown."""

    visit = visit_link()
    began = moment("created_at", "asked for")
    ended = moment("ended_at", "ended")
    starts = moment("starts_at", "visit starts")
    list_display = ("began", "visit", "generation", "campaign", "status", "ended", "end_reason")
    list_filter = ("status", "end_reason", "ended_elsewhere", "lead_channel")
    list_select_related = ("practice", "appointment")
    ordering = ("-created_at", "-pk")
    search_fields = ("vendor_id__exact", "appointment__external_id__exact")
    search_help_text = "An appointment number, or Relatient's enrollment id."
    fields = (
        "visit",
        "generation",
        "campaign",
        "status",
        "vendor_id",
        "starts",
        "lead_channel",
        "began",
        "ended",
        "end_reason",
        "ended_elsewhere",
    )
    readonly_fields = ("visit", "starts", "began", "ended")


@admin.register(DecisionRecord)
class DecisionAdmin(ReadOnlyAdmin):
    """Every decision that said something new, with what each filter found."""

    visit = visit_link()
    when = moment("at", "when")
    list_display = ("when", "visit", "state_word", "sentence", "campaign")
    list_filter = ("state", "code")
    list_select_related = ("practice", "appointment")
    ordering = ("-at", "-pk")
    search_fields = ("appointment__external_id__exact",)
    search_help_text = "An appointment number of athenahealth."
    fields = ("when", "visit", "state_word", "sentence", "campaign", "found", "asked_for")
    readonly_fields = fields

    @display(description="coverage", ordering="state")
    def state_word(self, row: DecisionRecord) -> SafeString:
        """The state as a badge with its word."""
        return badge(STATE_LOOKS.get(row.state, ""), STATES[State(row.state)])

    @display(description="findings")
    def found(self, row: DecisionRecord) -> SafeString:
        """What each filter saw and concluded."""
        lines = [(FILTERS.get(f, f), saw, concluded(said)) for f, saw, said in row.findings]
        return format_html(
            "<ol>{}</ol>", format_html_join("", "<li><b>{}</b>: {} → {}</li>", lines)
        )

    @display(description="effects asked for")
    def asked_for(self, row: DecisionRecord) -> str:
        """Their kinds."""
        return ", ".join(kind.replace("_", " ") for kind in row.effects) or "nothing"


@admin.register(StaffInstruction)
class InstructionAdmin(ReadOnlyAdmin):
    """What colleagues told Kept about single visits; obeyed until withdrawn."""

    visit = visit_link()
    when = moment("given_at", "given")
    withdrawn = moment("withdrawn_at", "withdrawn")
    list_display = ("when", "visit", "kind", "campaign", "reason", "given_by", "withdrawn")
    list_filter = ("kind",)
    list_select_related = ("practice", "appointment", "given_by")
    fields = list_display
    readonly_fields = list_display
