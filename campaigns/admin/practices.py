"""Practices and their settings, and who works there."""

from __future__ import annotations

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
from campaigns.practices.settings import SETTINGS
from campaigns.practices.settings import change as change_settings

_OWN = ("name", "active")
_SHOWN = ("cancel_reason_in_force",)


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
    fieldsets = (
        ("Practice", {"fields": (*_OWN, "external_id", "time_zone", "language")}),
        (
            "Work list and alerts",
            {"fields": ("unconfirmed_hours", "alert_after_hours", "alert_emails")},
        ),
        (
            "Who gets reminders, and which",
            {
                "fields": (
                    "too_late_hours",
                    "risk_window_days",
                    "risk_threshold",
                    "age_of_majority",
                    "landline_calls_ok",
                    "no_address_words",
                    "telehealth_link_required",
                    "several_providers",
                    "general_provider",
                    "general_campaign",
                    "hold_share",
                )
            },
        ),
        (
            "When messages may go out",
            {
                "fields": (
                    ("send_window_sms_start", "send_window_sms_end"),
                    ("send_window_email_start", "send_window_email_end"),
                    ("send_window_voice_start", "send_window_voice_end"),
                ),
                "description": "In the patient's local time.",
            },
        ),
        (
            "Cancellations and the waitlist",
            {
                "fields": (
                    "on_cancel",
                    "cancel_reason_id",
                    "cancel_reason_in_force",
                    "desk_task",
                    "waitlist_phone",
                    "waitlist_notice_hours",
                )
            },
        ),
        (
            "Rhythm and pace",
            {
                "fields": (
                    "poll_minutes",
                    "retry_minutes",
                    "retry_base_seconds",
                    "effect_lease_seconds",
                    "athena_requests_per_second",
                    "athena_requests_per_day",
                    "relatient_requests_per_second",
                    "folder_days",
                ),
                "description": "The defaults fit nearly every practice.",
            },
        ),
    )

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
    values: dict[str, dict[str, Any]] = {}
    for column, value in columns.items():
        setting = column if column in SETTINGS else column.removesuffix("_start")
        setting = setting if setting in SETTINGS else column.removesuffix("_end")
        values.setdefault(setting, {})[column] = value
    return values
