"""Unknown values: what a vendor sent for the first time, and what Kept does with it."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from campaigns.admin.columns import moment, vendor_column
from campaigns.admin.practice_scope import ReadOnlyAdmin
from integrations.drift.consequence_text import consequence_of
from integrations.models import UnknownValue


@admin.register(UnknownValue)
class UnknownValueAdmin(ReadOnlyAdmin):
    """Newest first. Codes and shapes only: never a patient's words."""

    vendor_word = vendor_column()
    first = moment("first_seen_at", "first seen")
    last = moment("last_seen_at", "last seen")
    list_display = ("vendor_word", "what", "value", "first", "last", "times", "consequence")
    list_filter = ("vendor", "what")
    list_select_related = ("practice",)
    ordering = ("-first_seen_at", "-pk")
    fields = list_display
    readonly_fields = ("vendor_word", "first", "last", "consequence")

    @display(description="what Kept does")
    def consequence(self, row: UnknownValue) -> str:
        """In words."""
        return consequence_of(row.what)
