"""Inbound messages: what a vendor sent, as it came. First what Kept could not make sense of."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from audit.recorder import record
from campaigns.access import roles_of
from campaigns.admin.columns import badge, moment, vendor_column
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.models import ADMINS
from integrations.models import InboundMessage, InboundStatus

LOOKS = {
    InboundStatus.STORED.value: "info",
    InboundStatus.PROCESSED.value: "success",
    InboundStatus.PARKED.value: "danger",
}


class AttentionFilter(admin.SimpleListFilter):
    """By whether a message needs attention. The list begins with those that do."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Parked is chosen when nothing is."""
        return [("stored", "Waiting"), ("processed", "Processed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name instead of *All*."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Needs attention"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The messages of the chosen status."""
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or InboundStatus.PARKED)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin):
    """The payload holds patient data: only Admins see it, one message at a time, and audited."""

    received = moment("received_at", "received")
    list_display = ("received", "vendor_word", "kind", "stands", "attempts", "problem")
    list_filter = (AttentionFilter, "vendor", "kind")
    list_select_related = ("practice",)
    ordering = ("-received_at", "-pk")
    fields = (
        "received",
        "vendor_word",
        "kind",
        "external_id",
        "stands",
        "attempts",
        "problem",
        "as_sent",
    )
    readonly_fields = ("received", "vendor_word", "stands", "as_sent")
    vendor_word = vendor_column()

    @display(description="status", ordering="status")
    def stands(self, row: InboundMessage) -> SafeString:
        """The status as a badge with its word."""
        return badge(LOOKS.get(row.status, ""), row.get_status_display())

    @display(description="as it was sent")
    def as_sent(self, row: InboundMessage) -> SafeString | str:
        """Readable JSON, or that it has been purged."""
        if row.payload is None:
            return "Purged after its retention."
        text = json.dumps(row.payload, indent=2, ensure_ascii=False)
        return format_html('<pre class="overflow-x-auto">{}</pre>', text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundMessage]:
        """The messages without their payloads: a list need not decrypt what it does not show."""
        return super().get_queryset(request).defer("payload")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields; the payload is among them for Admins only."""
        if ADMINS in roles_of(request.user):
            return self.fields
        return [name for name in self.fields if name != "as_sent"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one message, and audit who read its payload."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            with transaction.atomic():
                practice = row.practice.external_id
                about = ("inbound_message", row.pk)
                record("page.viewed", practice=practice, subject=about, detail={"page": "inbound"})
        return super().change_view(request, object_id, form_url, extra_context)
