"""The way back to the very list that a person came from, with its view and filters."""

from __future__ import annotations

from urllib.parse import parse_qs

from django.http import HttpRequest
from django.urls import reverse

from campaigns.models import Practice

_REMEMBERED = "worklist"


def remember(request: HttpRequest, query: str) -> None:
    """Keep the query of the list that is shown now; it holds ids and codes only."""
    request.session[_REMEMBERED] = query


def list_address(practice: Practice, query: str = "") -> str:
    """The address of a practice's list."""
    return f"{reverse('worklist')}?{query or f'practice={practice.pk}'}"


def way_back(request: HttpRequest, practice: Practice, place: str = "") -> str:
    """The list that was shown last, if it was this practice's; `place` is the id to jump to."""
    query = str(request.session.get(_REMEMBERED, ""))
    mine = parse_qs(query).get("practice") == [str(practice.pk)]
    return list_address(practice, query if mine else "") + (f"#{place}" if place else "")
