"""Practices and their settings, and who works there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from campaigns import doorbell
from campaigns.admin.practice_form import PracticeForm
from campaigns.admin.practice_scope import PracticeAdmin, practices_for
from campaigns.decisions.practice_snapshot import cancel_reason_in_words
from campaigns.models import Membership, Practice
from campaigns.practices.console_changes import practice_saved
from campaigns.practices.settings import CANCELLATIONS, HOURS, PACE, PRACTICE, SETTINGS
from campaigns.practices.settings import change as change_settings

_OWN = ("name", "active")
_SHOWN = ("cancel_reason_in_force",)
_FIRST = {PRACTICE: [*_OWN, "external_id"]}
_LAST = {CANCELLATIONS: [*_SHOWN]}
_ABOUT = {
    HOURS: "In the patient's local time.",
    PACE: "The defaults fit nearly every practice.",
}


def _fieldsets() -> Iterator[tuple[str, dict[str, Any]]]:
    """The groups of the table of settings, in its order; a window's two fields stand side by
    side.
    """
    for group in dict.fromkeys(setting.group for setting in SETTINGS.values()):
        columns = [one.columns(name) for name, one in SETTINGS.items() if one.group == group]
        fields = [pair if len(pair) > 1 else pair[0] for pair in columns]
        about = {"description": _ABOUT[group]} if group in _ABOUT else {}
        yield group, {"fields": (*_FIRST.get(group, []), *fields, *_LAST.get(group, [])), **about}


class MembershipInline(TabularInline):
    """Where a person works; on the person's page."""

    model = Membership
    extra = 0
    verbose_name_plural = "Works for"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Require a practice: somebody who belongs to none could not be found again by whoever
        added them.
        """
        kwargs["min_num"] = 0 if request.user.is_superuser else 1
        kwargs["validate_min"] = True
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the visitor's own practices only."""
        if db_field.name == "practice":
            mine = [practice.pk for practice in practices_for(request)]
            kwargs["queryset"] = Practice.objects.filter(pk__in=mine).order_by("name")
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        # Unfold's table names its columns for the eye only.
        field.widget.attrs["aria-label"] = "Practice"
        return field


@admin.register(Practice)
class PracticeSettingsAdmin(PracticeAdmin):
    """Settings, changed through the service of the command line: audited, and every visit ahead
    looked at again.
    """

    practices_by = "pk"
    form = PracticeForm
    list_display = ("name", "external_id", "time_zone", "language", "active")
    search_fields = ("name", "external_id")
    fieldsets = tuple(_fieldsets())

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """No filter by practice: each row of this list is a practice."""
        return []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The id cannot be changed, since all other rows are found by it."""
        return ("external_id", *_SHOWN) if obj is not None else _SHOWN

    @admin.display(description="Cancel reason in force")
    def cancel_reason_in_force(self, practice: Practice) -> str:
        """What a cancellation by reply is recorded as, and whether others can have the slot."""
        return (
            cancel_reason_in_words(practice)
            if practice.pk
            else "known once athenahealth is connected"
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a practice: it is switched off, and its history stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Practice, form: Any, change: bool) -> None:
        """Store the practice; a new one belongs to whoever added it."""
        if not change:
            super().save_model(request, obj, form, change)
            person: Any = request.user
            Membership.objects.get_or_create(user=person, practice=obj)
            practice_saved(obj, "created")
            return
        own = [name for name in _OWN if name in form.changed_data]
        if own:
            Practice.objects.filter(pk=obj.pk).update(**{name: getattr(obj, name) for name in own})
            practice_saved(obj, "updated", own)
        settings = {name: getattr(obj, name) for name in form.changed_data if name not in own}
        change_settings(obj, _by_setting(settings))
        doorbell.ring()


def _by_setting(columns: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Columns by the setting they belong to: a window is one setting of two columns."""
    values = {
        name: {column: columns[column] for column in setting.columns(name) if column in columns}
        for name, setting in SETTINGS.items()
    }
    return {name: some for name, some in values.items() if some}
