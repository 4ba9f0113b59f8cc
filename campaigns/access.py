"""Who may see and do what: the roles, and the practices a person belongs to.

This table is the only place where a role's rights are written down. practices/roles.py turns it
into Django groups and permissions; pages ask `open_to`, lists ask `practices_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from campaigns.domain.values import InstructionKind
from campaigns.models import ADMINS, CLINICAL_OPS, FRONT_DESK, ROLES, Practice

SEE = ("view",)
EDIT = ("view", "change")
KEEP = ("view", "add", "change", "delete")

# The console, by model. Text labels, because campaigns know nothing of who comes after them.
CLINICAL: dict[str, tuple[str, ...]] = {
    "campaigns.campaignrule": ("view", "add", "change"),
    "campaigns.rulechange": EDIT,
    "campaigns.appointmenttype": EDIT,
    "campaigns.campaign": SEE,
    "campaigns.department": SEE,
    "campaigns.provider": SEE,
    "campaigns.appointment": SEE,
    "campaigns.decisionrecord": SEE,
    "campaigns.enrollment": SEE,
    "campaigns.response": SEE,
    "campaigns.effect": EDIT,
    "campaigns.attempt": SEE,
    "campaigns.workitem": EDIT,
    "campaigns.staffinstruction": SEE,
    "integrations.syncrun": SEE,
    "integrations.unknownvalue": SEE,
}
ADMINISTRATION: dict[str, tuple[str, ...]] = {
    "campaigns.practice": ("view", "add", "change"),
    "campaigns.membership": KEEP,
    "campaigns.department": EDIT,
    "campaigns.chartcancelreason": SEE,
    "campaigns.confirmationstatus": SEE,
    "integrations.connection": ("view", "add", "change"),
    "integrations.inboundmessage": SEE,
    "integrations.feedcursor": SEE,
    "integrations.eventsubscription": EDIT,
    "integrations.httpexchange": SEE,
    "audit.auditevent": SEE,
    "project.user": ("view", "add", "change"),
    "django_q.schedule": SEE,
    "django_q.success": SEE,
    "django_q.failure": SEE,
    "django_q.ormq": SEE,
    "axes.accessattempt": ("view", "delete"),
}
CONSOLE: dict[str, dict[str, tuple[str, ...]]] = {
    FRONT_DESK: {},
    CLINICAL_OPS: CLINICAL,
    ADMINS: CLINICAL | ADMINISTRATION,
}
DESK, OPS = (FRONT_DESK,), (CLINICAL_OPS, ADMINS)
# The pages and what their buttons do, by the names in campaigns/urls.py; asked for by `open_to`.
PAGES: dict[str, tuple[str, ...]] = {
    "worklist": DESK,
    "worklist-search": DESK,
    "worklist-news": DESK,
    "worklist-print": DESK,
    "worklist-export": DESK,
    "worklist-bulk": DESK,
    "worklist-bulk-apply": DESK,
    "call": DESK,
    "claim": DESK,
    "release": DESK,
    "undo-call": DESK,
    "work-item-done": DESK,
    "texts-stop": DESK,
    "texts-still-wanted": DESK,
    "coverage": (CLINICAL_OPS,),
    "mapping": OPS,
    "mapping-type": OPS,
    "mapping-rules": OPS,
    "mapping-import": OPS,
    "mapping-export": OPS,
    "try": OPS,
    "reports": OPS,
    "appointment": ROLES,
    "look-again": ROLES,
    # Which instructions is said below.
    "instruct": ROLES,
    "withdraw-instruction": ROLES,
}
# The page of one visit: what a person may tell Kept there, and take back again.
LOOK_AGAIN = "look_again"
VISIT_ACTIONS: dict[str, tuple[str, ...]] = {
    LOOK_AGAIN: PAGES["look-again"],
    InstructionKind.PAUSED: ROLES,
    InstructionKind.STOPPED: (CLINICAL_OPS, ADMINS),
    InstructionKind.ENROLLED: (CLINICAL_OPS, ADMINS),
}
# Where each role starts its day.
HOMES = {
    FRONT_DESK: "/worklist/",
    CLINICAL_OPS: "/coverage/",
    ADMINS: "/admin/",
}


def roles_of(user: Any) -> frozenset[str]:
    """The roles of a signed-in user; a superuser has them all."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(ROLES)
    return frozenset(user.groups.filter(name__in=ROLES).values_list("name", flat=True))


def visit_actions_of(user: Any) -> frozenset[str]:
    """What one of a user's roles allows on the page of a visit."""
    roles = roles_of(user)
    return frozenset(action for action, may in VISIT_ACTIONS.items() if roles & set(may))


def practices_of(user: Any) -> list[Practice]:
    """The practices whose rows a user may see, by name; a superuser sees all."""
    if not user.is_authenticated:
        return []
    practices = Practice.objects.order_by("name", "pk")
    if not user.is_superuser:
        practices = practices.filter(memberships__user=user)
    return list(practices)


def audited_practices_of(user: Any) -> set[str]:
    """The same for the audit trail, which knows practices by athenahealth's ids."""
    return {practice.external_id for practice in practices_of(user)}


def home_of(user: Any) -> str | None:
    """Where a user's day begins, or None for somebody without a role."""
    if user.is_superuser:
        return HOMES[ADMINS]
    roles = roles_of(user)
    return next((HOMES[role] for role in ROLES if role in roles), None)


def open_to(page: str) -> Callable[..., Callable[..., HttpResponse]]:
    """The page of this name is for its roles.

    It shows patients, so no browser or proxy may keep a copy.
    """
    roles = set(PAGES[page])

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not roles_of(request.user) & roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard
