"""What goes between Kept and the vendors: feeds and single calls, to be read only."""

from __future__ import annotations

from django.contrib import admin

from campaigns.admin.columns import moment, vendor_column
from campaigns.admin.practice_scope import ReadOnlyAdmin
from integrations.models import FeedCursor, HttpExchange


@admin.register(FeedCursor)
class FeedCursorAdmin(ReadOnlyAdmin):
    """How far each feed was read, and when it is read next."""

    succeeded = moment("last_success_at", "last success")
    failing = moment("failing_since", "failing since")
    next_poll = moment("next_poll_at", "next poll")
    window = moment("window_start", "read since")
    missed = moment("backfill_from", "missed rows since")
    list_display = ("feed", "practice", "succeeded", "failing", "next_poll", "window")
    list_filter = ("feed",)
    list_select_related = ("practice",)
    fields = ("feed", "practice", "succeeded", "failing", "next_poll", "window", "missed")
    readonly_fields = ("succeeded", "failing", "next_poll", "window", "missed")


@admin.register(HttpExchange)
class HttpExchangeAdmin(ReadOnlyAdmin):
    """Single calls without ids, queries or bodies: enough to talk to a vendor's support."""

    when = moment("at", "when")
    vendor_word = vendor_column()
    list_display = (
        "when",
        "vendor_word",
        "method",
        "path_template",
        "status",
        "outcome",
        "duration_ms",
        "request_id",
    )
    list_filter = ("vendor", "outcome", "status", "method")
    list_select_related = ("practice",)
    ordering = ("-id",)
    search_fields = ("request_id__exact", "=effect_id")
    search_help_text = "A vendor's request id, or the number of an effect."
    fields = list_display
    readonly_fields = ("when", "vendor_word")
