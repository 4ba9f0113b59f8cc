"""What every list of the console obeys: nobody sees a row of a practice that is not theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from campaigns.access import practices_of
from campaigns.locking import retried
from campaigns.models import Practice

_KEPT_AT = "practices_of_visitor"


def practices_for(request: HttpRequest) -> list[Practice]:
    """The visitor's practices, asked for once in a request."""
    found: list[Practice] | None = getattr(request, _KEPT_AT, None)
    if found is None:
        found = practices_of(request.user)
        setattr(request, _KEPT_AT, found)
    return found


class PracticeFilter(admin.SimpleListFilter):
    """Offers the visitor's own practices, and only where there is a choice."""

    title = "practice"
    parameter_name = "practice"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The visitor's practices; none where there is only one, and then Django hides
        the filter.
        """
        mine = practices_for(request)
        return [(str(one.pk), one.name) for one in mine] if len(mine) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen practice."""
        return queryset.filter(practice=self.value()) if self.value() else queryset


class PracticeAdmin(ModelAdmin):
    """A list limited to the visitor's practices, in its rows and in every choice it offers."""

    practices_by = "practice"
    list_per_page = 50
    list_filter_submit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only the visitor's own; a superuser's are all."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.practices_by}__in": [p.pk for p in practices_for(request)]})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Save inside a transaction of its own, so that after a deadlock the whole save is done
        again.
        """
        view = super().changeform_view
        return retried(lambda: view(request, object_id, form_url, extra_context))

    def title_of(self, row: Any) -> str:
        """What a row is called in the console's header."""
        return str(row)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The practice first, where there is more than one."""
        return [PracticeFilter, *super().get_list_filter(request)]

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer rows of the visitor's practices only: another practice's row must not show that it
        exists.
        """
        related = db_field.related_model
        mine = [practice.pk for practice in practices_for(request)]
        if related is Practice:
            kwargs["queryset"] = Practice.objects.filter(pk__in=mine).order_by("name")
        elif any(field.name == "practice" for field in related._meta.fields):
            kwargs["queryset"] = related._default_manager.filter(practice__in=mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyAdmin(PracticeAdmin):
    """A list that whoever may see it reads and nobody edits; what can be done to a row are row
    actions.
    """

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows come from the vendors and from Kept itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes a row by a form; see VerbsAdmin."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes a row: what happened stays."""
        return False
