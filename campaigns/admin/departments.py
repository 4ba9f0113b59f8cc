"""Departments: the one thing to decide is the time zone, where athenahealth does not say it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns import doorbell
from campaigns.admin.columns import worded
from campaigns.admin.practice_scope import PracticeAdmin
from campaigns.local_time import zone_choices
from campaigns.models import Department
from campaigns.practices.console_changes import time_zone_set
from campaigns.practices.settings import BY_DEPARTMENT
from campaigns.practices.settings import change as change_settings


class DepartmentForm(forms.ModelForm):
    """The time zone is chosen, never typed."""

    time_zone = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        help_text="What the department's clocks say. Saving it reads every visit's time anew.",
    )

    class Meta:
        model = Department
        fields = ("time_zone", "age_of_majority")
        help_texts = {
            "age_of_majority": "Where it differs here: 19 in Alabama and Nebraska. Empty: as the "
            "practice's setting says."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show an unknown zone as unknown; once a zone is known, unknown cannot be chosen
        any more.
        """
        super().__init__(*args, **kwargs)
        unknown = [] if self.instance.time_zone else [("", "unknown: please choose")]
        self.fields["time_zone"].choices = [*unknown, *zone_choices()]  # type: ignore[attr-defined]


@admin.register(Department)
class DepartmentAdmin(PracticeAdmin):
    """Departments, as athenahealth lists them."""

    form = DepartmentForm
    number = worded("external_id", {}, "athenahealth number")
    list_display = ("name", "number", "time_zone", "time_zone_set_by_hand", "phone")
    list_filter = ("time_zone", "time_zone_set_by_hand")
    search_fields = ("name", "external_id")
    readonly_fields = ("name", "public_name", "number", "phone", "time_zone_set_by_hand")
    fields = (
        "name",
        "public_name",
        "number",
        "phone",
        "time_zone",
        "time_zone_set_by_hand",
        "age_of_majority",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a department here: athenahealth does."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a department here: its visits name it."""
        return False

    def save_model(self, request: HttpRequest, obj: Department, form: Any, change: bool) -> None:
        """Store the zone through practices/console_changes.py, which moves the visits' start times
        along, and the age as `configure` does.
        """
        if BY_DEPARTMENT in form.changed_data:
            name = f"{BY_DEPARTMENT}.{obj.external_id}"
            change_settings(obj.practice, {name: {BY_DEPARTMENT: obj.age_of_majority}})
            doorbell.ring()
        if "time_zone" in form.changed_data:
            moved = time_zone_set(obj)
            doorbell.ring()
            self.message_user(request, f"{moved} visits now have their start time from this zone.")
