"""The links in the header: the pages this visitor may open, and only those that exist."""

from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from campaigns.access import CONSOLE, PAGES, roles_of

# Label, address, who sees it. A superuser has every role.
LINKS = (
    ("Work list", "/worklist/", set(PAGES["worklist"])),
    ("Coverage", "/coverage/", set(PAGES["coverage"])),
    ("Mapping", "/coverage/mapping/", set(PAGES["mapping"])),
    ("Try a decision", "/try/", set(PAGES["try"])),
    ("Reports", "/reports/", set(PAGES["reports"])),
    ("Console", "/admin/", {role for role, models in CONSOLE.items() if models}),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """A context processor. Error pages come here without a user, and get no links."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    mine = roles_of(user)
    shown = [
        (label, address) for label, address, roles in LINKS if mine & roles and _exists(address)
    ]
    # The mapping lies below coverage: the closest link is where one is.
    above = [address for _, address in shown if request.path.startswith(address)]
    here = max(above, key=len, default="")
    return {
        "navigation": [
            {"label": label, "address": address, "here": address == here}
            for label, address in shown
        ]
    }


def _exists(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True
