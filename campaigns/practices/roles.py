"""The table of campaigns/access.py as Django groups and permissions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from campaigns.access import CONSOLE
from campaigns.models import ADMINS, CLINICAL_OPS, ROLES

# The roles whose people work in the console.
CONSOLE_ROLES = (CLINICAL_OPS, ADMINS)


def ensure_roles() -> list[Group]:
    """Make the groups that are missing and give each exactly what the table says."""
    groups = []
    for name in ROLES:
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(CONSOLE[name]))
        groups.append(group)
    return groups


def _permissions(table: dict[str, tuple[str, ...]]) -> list[Permission]:
    wanted = Q(pk__in=[])
    for label, verbs in table.items():
        app, model = label.split(".")
        codenames = [f"{verb}_{model}" for verb in verbs]
        wanted |= Q(content_type__app_label=app, codename__in=codenames)
    return list(Permission.objects.filter(wanted))


def console_follows_roles(
    sender: Any, instance: Any, action: str, reverse: bool, **kwargs: Any
) -> None:
    """Let people into the console when they are given a role that works there, and out after."""
    if reverse or not action.startswith("post_") or instance.is_superuser:
        return
    staff = instance.groups.filter(name__in=CONSOLE_ROLES).exists()
    if instance.is_staff != staff:
        instance.is_staff = staff
        instance.save(update_fields=["is_staff"])
