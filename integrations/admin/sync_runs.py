"""Sync history: what each run read, how long it took, what went wrong, and its rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import badge, moment
from campaigns.admin.practice_scope import ReadOnlyAdmin, practices_for
from campaigns.clock import database_now
from campaigns.coverage.page import looks_outstanding
from integrations.admin.inbound import LOOKS
from integrations.models import InboundMessage, InboundStatus, SyncOutcome, SyncRun
from integrations.sync_runs.progress import progress_of, under_way
from integrations.sync_runs.text import counted, lasted

RUN_LOOKS = {
    SyncOutcome.RUNNING.value: "info",
    SyncOutcome.DONE.value: "success",
    SyncOutcome.FAILED.value: "danger",
    SyncOutcome.INTERRUPTED.value: "warning",
}
MESSAGES_SHOWN = 100
# A page left open asks for five minutes, then rests.
SECONDS, MOST_ASKED = 5, 60


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Polls, backfills and comparisons, newest first; above them what is under way."""

    started = moment("started_at", "started")
    ended = moment("ended_at", "ended")
    list_display = ("started", "kind_word", "ended_how", "counts_in_words", "duration", "problem")
    list_filter = ("kind", "outcome")
    list_select_related = ("practice",)
    ordering = ("-started_at", "-pk")
    fields = (
        "kind_word",
        "ended_how",
        "started",
        "ended",
        "duration",
        "counts_in_words",
        "problem",
    )
    readonly_fields = fields
    list_before_template = "admin/integrations/runs_progress.html"
    change_form_outer_after_template = "admin/integrations/run_rows.html"

    @display(description="what", ordering="kind")
    def kind_word(self, row: SyncRun) -> str:
        """Poll, backfill and so on."""
        return row.get_kind_display().capitalize()

    @display(description="outcome", ordering="outcome")
    def ended_how(self, row: SyncRun) -> SafeString:
        """The outcome as a badge with its word."""
        return badge(RUN_LOOKS.get(row.outcome, ""), row.get_outcome_display())

    @display(description="counted")
    def counts_in_words(self, row: SyncRun) -> str:
        """The counts in words: 12 seen, 3 new."""
        return counted(row.counts)

    @display(description="took")
    def duration(self, row: SyncRun) -> str:
        """How long the run took since its start; an interrupted run counts from its first start."""
        return lasted((row.ended_at or database_now()) - row.started_at)

    def title_of(self, row: SyncRun) -> str:
        """The kind of run and its number."""
        return f"{row.get_kind_display().capitalize()} {row.pk}"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the part of the list that tells of running work, which the page asks
        for again.
        """
        view = self.admin_site.admin_view(self.progress)
        name = "integrations_syncrun_progress"
        return [path("progress/", view, name=name), *super().get_urls()]

    def progress(self, request: HttpRequest) -> HttpResponse:
        """Only the part of the page about running work. The page asks by itself, so it keeps nobody
        signed in.
        """
        request.unattended = True  # type: ignore[attr-defined]
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("asked", "")
        number = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
        return render(request, self.list_before_template, _under_way(request, number))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, below the runs that are under way."""
        return super().changelist_view(request, {**(extra_context or {}), **_under_way(request, 0)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A run with its messages; their payloads are on pages of their own."""
        row = self.get_object(request, object_id)
        rows = _rows(request, row) if row is not None else {}
        context = {**(extra_context or {}), **rows}
        return super().change_view(request, object_id, form_url, context)


def _under_way(request: HttpRequest, asked: int) -> dict[str, Any]:
    practices = practices_for(request)
    running = under_way(practices)
    outstanding = looks_outstanding(practices, database_now())
    live = bool(running or outstanding)
    again = reverse("admin:integrations_syncrun_progress") + f"?asked={asked + 1}"
    return {
        "running": running,
        "outstanding": outstanding,
        "live": live or asked > 0,
        "again": again if live and asked < MOST_ASKED else "",
        "seconds": SECONDS,
        "list_address": reverse("admin:integrations_syncrun_changelist"),
    }


def _rows(request: HttpRequest, run: SyncRun) -> dict[str, Any]:
    messages = InboundMessage.objects.filter(sync_run=run).defer("payload")
    parked = messages.filter(status=InboundStatus.PARKED)
    may_open = request.user.has_perm("integrations.view_inboundmessage")
    return {
        "run_progress": progress_of(run) if run.outcome == SyncOutcome.RUNNING else None,
        "parked": [_row(one, may_open) for one in parked.order_by("pk")[:MESSAGES_SHOWN]],
        "messages_of_run": [
            _row(one, may_open) for one in _others(messages).order_by("pk")[:MESSAGES_SHOWN]
        ],
        "messages_total": _others(messages).count(),
        "parked_total": parked.count(),
        "shown_most": MESSAGES_SHOWN,
    }


def _others(messages: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    return messages.exclude(status=InboundStatus.PARKED)


def _row(message: InboundMessage, may_open: bool) -> dict[str, Any]:
    opened = "admin:integrations_inboundmessage_change"
    return {
        "number": message.pk,
        "kind": message.get_kind_display().capitalize(),
        "status": badge(LOOKS.get(message.status, ""), message.get_status_display()),
        "counts": counted(message.counts) if message.counts else "",
        "problem": message.problem,
        "address": reverse(opened, args=[message.pk]) if may_open else "",
    }
