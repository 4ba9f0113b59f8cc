"""The audit trail in the console: to be read and searched, nothing else."""

from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.admin import ModelAdmin

from audit.models import AuditEvent
from audit.redaction import mask


@admin.register(AuditEvent)
class AuditEventAdmin(ModelAdmin):
    list_display = ("at", "practice", "actor", "action", "subject", "appointment_id", "patient_id")
    list_filter = (("at", admin.DateFieldListFilter), "actor_kind", "action", "practice")
    date_hierarchy = "at"
    # Whole values only, so that each one is answered by an index.
    search_fields = (
        "actor__exact",
        "appointment_id__exact",
        "patient_id__exact",
        "action__startswith",
    )
    search_help_text = (
        "A user name, an appointment number, a patient number or an action. "
        "Please do not type patient names or phone numbers here; none are kept in this trail."
    )
    # Counting the whole trail for every page would be its slowest query.
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="about")
    def subject(self, event: AuditEvent) -> str:
        return f"{event.subject_kind} {event.subject_id}".strip()

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        events = super().get_queryset(request)
        practices = _practices_open_to(request.user)
        return events if practices is None else events.filter(practice__in=practices)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """A phone number or address is not searched for: only a leak could have put it here."""
        numbers_allowed = search_term.strip().isdigit()
        if not numbers_allowed and mask(search_term) != search_term:
            messages.warning(request, "Phone numbers and e-mail addresses are not kept here.")
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _practices_open_to(user: Any) -> Collection[str] | None:
    """None means all. The audit knows no memberships, so whoever does is named in a setting."""
    if user.is_superuser:
        return None
    if not settings.AUDIT_PRACTICES_OF_USER:
        return ()
    practices_of: Callable[[Any], Collection[str]] = import_string(settings.AUDIT_PRACTICES_OF_USER)
    return practices_of(user)
