"""Appointment types: what clinical ops decide about each kind of visit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns import doorbell
from campaigns.admin.columns import worded
from campaigns.admin.practice_scope import PracticeAdmin
from campaigns.models import AppointmentType
from campaigns.practices.console_changes import type_changed

_SAYS = {
    "modality": "Telehealth visits never get directions to the office.",
    "confidential": "An adolescent's visit of this kind is told to the patient or to nobody.",
    "on_cancel": "When a patient cancels by reply: auto cancels in the chart, ask makes a work "
    "item. Empty: as the practice's setting.",
    "visit_value": "In dollars, for the reports only.",
}

_CALLED = {"on_cancel": "When a patient cancels", "visit_value": "Value of a visit"}


@admin.register(AppointmentType)
class AppointmentTypeAdmin(PracticeAdmin):
    """Kinds of visits, as athenahealth lists them or as visits brought them."""

    number = worded("external_id", {}, "athenahealth number")
    list_display = ("name", "number", "modality", "confidential", "on_cancel", "visit_value")
    list_filter = ("modality", "confidential", "on_cancel")
    search_fields = ("name", "external_id")
    readonly_fields = ("name", "public_name", "number")
    fields = ("name", "public_name", "number", *_SAYS)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """The model's fields, each with a sentence of help."""
        return super().get_form(
            request, obj, change, **{**kw, "help_texts": _SAYS, "labels": _CALLED}
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a type here: athenahealth does."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a type here: visits and rules name it."""
        return False

    def save_model(
        self, request: HttpRequest, obj: AppointmentType, form: Any, change: bool
    ) -> None:
        """Store the type and make looks due: every visit of this type may be decided differently
        now.
        """
        super().save_model(request, obj, form, change)
        if form.changed_data:
            type_changed(obj, form.changed_data)
            doorbell.ring()
