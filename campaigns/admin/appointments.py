"""Appointments: the ledger in a list. A row leads to the page of its visit, of which
there is one.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin.columns import STATE_LOOKS, badge, in_words, worded
from campaigns.admin.practice_scope import ReadOnlyAdmin, practices_for
from campaigns.clock import database_now
from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.domain.values import AppointmentStatus
from campaigns.labels import APPOINTMENTS, STATES
from campaigns.local_time import clock, day, spoken
from campaigns.models import Appointment, AppointmentType, Department

# Short, for a column; the sentence beside it says the rest.
IN_THE_CHART = {**APPOINTMENTS, AppointmentStatus.RESCHEDULED: "moved"}


class WhenFilter(admin.SimpleListFilter):
    """By when the visit is. The list begins with what is ahead, since people ask about that."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Upcoming is chosen when nothing is."""
        return [("all", "All"), ("past", "Past")]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name instead of *All*."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Upcoming"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Without a time zone a visit counts as upcoming until somebody sets one."""
        past = Q(starts_at__lt=database_now())
        if self.value() == "past":
            return queryset.filter(past)
        return queryset if self.value() == "all" else queryset.exclude(past)


class NamedFilter(admin.SimpleListFilter):
    """Filters by a row of the reference data, by its name."""

    model: type[AppointmentType] | type[Department]
    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The reference rows of the visitor's practices."""
        rows = self.model._default_manager.filter(practice__in=practices_for(request))
        return [(str(row.pk), row.name) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of that id in the chosen practice: an id means something only there."""
        rows = self.model._default_manager.filter(practice__in=practices_for(request))
        row = rows.filter(pk=self.value() or 0).first()
        if row is None:
            return queryset
        return queryset.filter(practice=row.practice_id, **{self.column: row.external_id})


class TypeFilter(NamedFilter):
    """By kind of visit."""

    title = "kind of visit"
    parameter_name = "type"
    model = AppointmentType
    column = "type_external_id"


class DepartmentFilter(NamedFilter):
    """By department."""

    title = "department"
    parameter_name = "department"
    model = Department
    column = "department_external_id"


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    """Every appointment has exactly one coverage state and a sentence that says why."""

    list_display = ("start", "kind", "patient_number", "state", "why", "in_chart")
    list_filter = (
        WhenFilter,
        ("coverage_state", in_words(STATES)),
        "coverage_code",
        DepartmentFilter,
        TypeFilter,
        ("status", in_words(APPOINTMENTS)),
    )
    list_select_related = ("practice", "patient")
    ordering = ("starts_at", "pk")
    search_fields = ("external_id__exact", "patient__external_id__exact")
    search_help_text = "An appointment or patient number of athenahealth. Please no names."

    in_chart = worded("status", IN_THE_CHART, "in the chart")

    @display(description="kind of visit", ordering="type_name")
    def kind(self, row: Appointment) -> str:
        """The visit's type, as athenahealth calls it."""
        return row.type_name or f"type {row.type_external_id}"

    @display(description="start", ordering="starts_at")
    def start(self, row: Appointment) -> str:
        """The visit's start in the clinic's time."""
        known = spoken(row.starts_at, row.time_zone or row.practice.time_zone)
        return known or f"{day(row.local_start)}, {clock(row.local_start)}, zone unknown"

    @display(description="patient number", ordering="patient__external_id")
    def patient_number(self, row: Appointment) -> str:
        """athenahealth's id of the patient: nobody needs a name to judge coverage."""
        return row.patient.external_id

    @display(description="coverage", ordering="coverage_state")
    def state(self, row: Appointment) -> SafeString:
        """The state as a badge with its word."""
        return badge(STATE_LOOKS.get(row.coverage_state, ""), STATES[State(row.coverage_state)])

    @display(description="what that means")
    def why(self, row: Appointment) -> str:
        """The ledger's sentence."""
        return sentence_of(Code(row.coverage_code))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Send on to the page of the visit, which tells more than a form could and checks access
        itself.
        """
        if not object_id.isdecimal():
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect("appointment", int(object_id))
