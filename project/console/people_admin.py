"""People in the console: their roles and where they work.

A superuser keeps everybody. An admin keeps the people of their own practices, and can make nobody
more powerful than an admin: whoever also works elsewhere, or is a superuser, is out of reach.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.recorder import record
from campaigns.access import audited_practices_of, practices_of
from campaigns.admin.columns import universal
from campaigns.admin.practices import MembershipInline
from campaigns.models import ROLES, Membership
from project.models import User

PERSON = ("Person", {"fields": ("username", "password", "first_name", "last_name", "email")})
ROLE = (
    "Role",
    {
        "fields": ("is_active", "groups"),
        "description": "Clinical ops and admins may open the console; the front desk has its own "
        "page.",
    },
)
POWER = ("Everything everywhere", {"fields": ("is_superuser", "user_permissions")})


@admin.register(User)
class KeptUserAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)
    list_display = ("username", "first_name", "last_name", "roles", "is_active", "last_seen")
    list_filter = ("is_active",)
    filter_horizontal = ()

    last_seen = universal("last_login", "last sign-in")

    @admin.display(description="role")
    def roles(self, person: User) -> str:
        return ", ".join(group.name for group in person.groups.all()) or "none"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people = super().get_queryset(request).prefetch_related("groups")
        if request.user.is_superuser:
            return people
        mine = [practice.pk for practice in practices_of(request.user)]
        elsewhere = Membership.objects.exclude(practice__in=mine)
        return (
            people.filter(memberships__practice__in=mine, is_superuser=False)
            .exclude(pk__in=elsewhere.values("user"))
            .distinct()
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (*super().get_fieldsets(request, obj), ROLE)
        return (PERSON, ROLE, POWER) if request.user.is_superuser else (PERSON, ROLE)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = Group.objects.filter(name__in=ROLES).order_by("name")
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            kwargs["label"], kwargs["help_text"] = "Roles", ""
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        self._record("user.created", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Django comes here after a saved form and after a new password."""
        self._record("user.updated", obj)
        return super().log_change(request, obj, message)

    def _record(self, action: str, person: User) -> None:
        """What this person may do from now on."""
        detail: dict[str, Any] = {
            "active": person.is_active,
            "superuser": person.is_superuser,
            "roles": sorted(person.groups.values_list("name", flat=True)),
            "practices": sorted(audited_practices_of(person)),
        }
        # In the trail of every practice concerned: its admins read no other.
        with transaction.atomic():
            for practice in detail["practices"] or [""]:
                record(action, practice=practice, subject=("user", person.pk), detail=detail)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever leaves is made inactive: what they did keeps their name."""
        return False
