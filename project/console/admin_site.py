"""The console's own pages, and read-only ones for django-q2.

q2 offers to run any task again and to delete schedules; our own tables decide about both.
"""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin

from campaigns.admin.columns import universal
from project.console import people_admin  # noqa: F401

admin.site.site_title = "Kept"
admin.site.site_header = "Kept"
admin.site.index_title = "Console"

for model in (Group, Failure, OrmQ, Schedule, Success):
    # With Redis as the broker q2 itself does not show its queue in the database.
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Group)
class KeptGroupAdmin(GroupAdmin, ModelAdmin):
    pass


class ReadOnlyAdmin(ModelAdmin):
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Success, Failure)
class FinishedTaskAdmin(ReadOnlyAdmin):
    began = universal("started", "began")
    ended = universal("stopped", "ended")
    list_display = ("name", "func", "began", "ended", "attempt_count")
    list_filter = ("func",)
    fields = ("name", "func", "began", "ended", "attempt_count", "success")
    readonly_fields = ("began", "ended")


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    next_at = universal("next_run", "next run")
    list_display = ("name", "func", "schedule_type", "minutes", "next_at")
    fields = ("name", "func", "schedule_type", "minutes", "next_at")
    readonly_fields = ("next_at",)

    def title_of(self, schedule: Schedule) -> str:
        """By its name rather than the function's."""
        return schedule.name or str(schedule)


@admin.register(OrmQ)
class WaitingTaskAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "func", "lock")
    fields = ("key", "lock")


@admin.register(AccessAttempt)
class LockedSignInAdmin(ReadOnlyAdmin):
    """Deleting a row lets that person try again at once."""

    last = universal("attempt_time", "last tried")
    list_display = ("username", "ip_address", "failures_since_start", "last")
    fields = ("username", "ip_address", "failures_since_start", "last")
    readonly_fields = ("last",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
