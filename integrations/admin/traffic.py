"""What runs between Kept and the vendors: runs, feeds and single calls, to be read only."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import badge, moment, vendor_column
from campaigns.admin.scope import ReadOnlyAdmin
from integrations.models import FeedCursor, HttpExchange, SyncOutcome, SyncRun

RUN_LOOKS = {
    SyncOutcome.RUNNING.value: "info",
    SyncOutcome.DONE.value: "success",
    SyncOutcome.FAILED.value: "danger",
    SyncOutcome.INTERRUPTED.value: "warning",
}


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Polls, backfills and reconciliations with what they counted."""

    started = moment("started_at", "started")
    ended = moment("ended_at", "ended")
    list_display = ("started", "kind", "ended_how", "counted", "ended", "problem")
    list_filter = ("kind", "outcome")
    list_select_related = ("practice",)
    ordering = ("-started_at", "-pk")
    fields = ("kind", "ended_how", "started", "ended", "counted", "problem")
    readonly_fields = ("ended_how", "started", "ended", "counted")

    @display(description="outcome", ordering="outcome")
    def ended_how(self, row: SyncRun) -> SafeString:
        """The outcome as a badge with its word."""
        return badge(RUN_LOOKS.get(row.outcome, ""), row.get_outcome_display())

    @display(description="counted")
    def counted(self, row: SyncRun) -> str:
        """The counts that are numbers, by their names."""
        counts = [(n, c) for n, c in row.counts.items() if isinstance(c, int | float)]
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts) or "–"


@admin.register(FeedCursor)
class FeedCursorAdmin(ReadOnlyAdmin):
    """Where each feed stands."""

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
