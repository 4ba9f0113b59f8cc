"""Which practice a page is about, for people who belong to several."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from campaigns.access import practices_of
from campaigns.models import Practice

_REMEMBERED = "practice"


def open_practices(request: HttpRequest) -> list[Practice]:
    """The active practices of the visitor."""
    return [practice for practice in practices_of(request.user) if practice.active]


def chosen_practice(request: HttpRequest, practices: list[Practice]) -> Practice | None:
    """The one asked for, else the one of last time, else the first; None without any.

    Asking for somebody else's is answered as if it did not exist.
    """
    asked = request.GET.get("practice") or request.POST.get("practice")
    by_id = {str(practice.pk): practice for practice in practices}
    if asked is not None:
        if asked not in by_id:
            raise Http404
        request.session[_REMEMBERED] = asked
        return by_id[asked]
    remembered = by_id.get(str(request.session.get(_REMEMBERED)))
    return remembered or (practices[0] if practices else None)
