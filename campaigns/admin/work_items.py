"""Work items: what waits for a person, across all days."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from campaigns.admin.columns import about, in_words, moment, visit_link
from campaigns.admin.practice_scope import ReadOnlyAdmin
from campaigns.admin.row_actions import Verb, VerbsAdmin
from campaigns.domain.values import AUTOMATIC_ITEMS, WorkItemKind
from campaigns.labels import WORK_ITEMS
from campaigns.models import WorkItem
from campaigns.work_items import close_work_item


class OpenFilter(admin.SimpleListFilter):
    """By whether the item is open. The list begins with open ones: closed ones are history."""

    title = "open or closed"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Open is chosen when nothing is."""
        return [("closed", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name instead of *All*."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The open or the closed ones."""
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at__isnull=self.value() != "closed")


def can_close(item: WorkItem) -> bool:
    """Whether a person may close it: automatic items close by themselves once their cause
    is gone.
    """
    return item.closed_at is None and item.kind not in AUTOMATIC_ITEMS


def close(request: HttpRequest, item: WorkItem) -> str:
    """Close the item in the name of the person who pressed the button."""
    close_work_item(item, request.user)
    return "Done. It has left the work list."


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin, VerbsAdmin):
    """What the front desk sees on its own page, searchable."""

    visit = visit_link()
    opened = moment("opened_at", "opened")
    closed = moment("closed_at", "closed")
    list_display = ("opened", "visit", "what", "to_do", "closed", "closed_by")
    list_filter = (OpenFilter, ("kind", in_words(WORK_ITEMS)))
    list_select_related = ("practice", "appointment")
    search_fields = ("appointment__external_id__exact",)
    search_help_text = "An appointment number of athenahealth."
    fields = list_display
    readonly_fields = list_display
    actions = ("close_selected",)
    verbs = (Verb("done", "Done", can_close, close),)

    def title_of(self, row: WorkItem) -> str:
        """The item and the visit, in words."""
        return about(WORK_ITEMS[WorkItemKind(row.kind)], row.appointment)

    @display(description="what to do")
    def to_do(self, row: WorkItem) -> str:
        """The sentence that the desk reads on the work list."""
        return row.sentence

    @display(description="what", ordering="kind")
    def what(self, row: WorkItem) -> str:
        """The kind of item, in words."""
        return WORK_ITEMS[WorkItemKind(row.kind)]

    @admin.action(description="Done", permissions=["verb"])
    def close_selected(self, request: HttpRequest, queryset: QuerySet[WorkItem]) -> None:
        """Close those that a person may close."""
        closed = sum(close_work_item(item, request.user) for item in queryset)
        self.message_user(request, f"{closed} of them are done.")
