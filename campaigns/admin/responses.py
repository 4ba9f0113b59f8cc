"""Responses: what patients answered and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import REPLY_LOOKS, about, badge, in_words, moment, visit_link
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.disclosure_log import page_viewed
from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.labels import CHANNELS, REPLIES, REPLY_OUTCOMES
from campaigns.models import Response


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    """What patients answered. Their own words are on the page of a single response, and reading it
    is audited.
    """

    visit = visit_link()
    when = moment("occurred_at", "answered")
    received = moment("received_at", "reached Kept")
    told = moment("told_starts_at", "about the start")
    list_display = ("when", "visit", "said", "way", "became", "came_of_it")
    list_filter = (
        ("outcome", in_words(REPLY_OUTCOMES)),
        ("kind", in_words(REPLIES)),
        "channel",
    )
    list_select_related = ("practice", "appointment", "given_by")
    search_fields = ("appointment__external_id__exact",)
    search_help_text = "An appointment number of athenahealth."
    fields = (
        "when",
        "received",
        "visit",
        "said",
        "way",
        "told",
        "own_words",
        "became",
        "came_of_it",
    )
    readonly_fields = fields

    def title_of(self, row: Response) -> str:
        """The answer and the visit, in words."""
        return about(REPLIES[ReplyKind(row.kind)], row.appointment)

    @display(description="in their own words")
    def own_words(self, row: Response) -> str:
        """What the patient wrote, letter by letter."""
        return row.raw_text or "–"

    @display(description="what came of it")
    def came_of_it(self, row: Response) -> str:
        """The sentence about the outcome."""
        return row.outcome_sentence or "–"

    @display(description="answer", ordering="kind")
    def said(self, row: Response) -> str:
        """The kind of answer, in words."""
        return REPLIES[ReplyKind(row.kind)]

    @display(description="how")
    def way(self, row: Response) -> str:
        """Whether the patient sent it, or the desk heard it on the phone."""
        if row.by_staff:
            return f"on the phone, {row.given_by or 'the desk'}"
        words = {channel.value: word for channel, word in CHANNELS.items()}
        return words.get(row.channel, row.channel)

    @display(description="outcome", ordering="outcome")
    def became(self, row: Response) -> SafeString:
        """The outcome as a badge with its word."""
        return badge(REPLY_LOOKS.get(row.outcome, ""), REPLY_OUTCOMES[ReplyOutcome(row.outcome)])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one response, and audit who read the patient's words."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            page_viewed("response", row.appointment, request.user)
        return super().change_view(request, object_id, form_url, extra_context)
