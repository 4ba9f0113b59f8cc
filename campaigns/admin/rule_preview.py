"""The page between a change of the rules and its saving, and several rules changed at once.

What a change does to the visits ahead is shown in the words of the mapping's pages; nothing is
stored before the button on that page is pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from campaigns import doorbell
from campaigns.decisions.practice_snapshot import rules_of
from campaigns.locking import retried
from campaigns.mapping.preview import without
from campaigns.mapping.preview_text import ChangePreview, preview_of
from campaigns.mapping.rule_changes import WAITS, ChangeRefused, held_change
from campaigns.models import CampaignRule, Practice, RuleChange

LIST = "admin:campaigns_campaignrule_changelist"
# Named in the page's forms.
SEEN = "effect_seen"
ALSO_WRITTEN_TO = "include_messaged"


def preview_page(
    request: HttpRequest,
    title: str,
    previews: Sequence[tuple[Practice, ChangePreview]],
    back: str,
    button: str = "Save",
    more: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The previews, the tick, and everything that was sent, to be sent again with the button.

    `more` is sent along; `back` is where the visitor goes who does not press it.
    """
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in ("csrfmiddlewaretoken", ALSO_WRITTEN_TO)
    ]
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "opts": CampaignRule._meta,
        "title": title,
        "previews": previews,
        "staying": sum(preview.staying for _, preview in previews),
        "sent": [*sent, *(more or {}).items(), (SEEN, "yes")],
        "back": back,
        "button": button,
    }
    return TemplateResponse(request, "admin/campaigns/rule_preview.html", context)


def ticked(request: HttpRequest) -> bool:
    """Whether visits that are confirmed or were written to are to move too."""
    return bool(request.POST.get(ALSO_WRITTEN_TO))


def preview_without(
    request: HttpRequest,
    rules: Sequence[CampaignRule],
    verb: str,
    more: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page that says what happens without these rules; `verb` is the button's word.

    While a change waits nothing can be done, so nothing is asked either.
    """
    if any(held_change(practice) is not None for practice, _ in _by_practice(rules)):
        messages.error(request, WAITS)
        return redirect(LIST)
    previews = [
        (practice, preview_of(practice, without(rules_of(practice), ids), False))
        for practice, ids in _by_practice(rules)
    ]
    number = "this campaign rule" if len(rules) == 1 else f"{len(rules)} campaign rules"
    return preview_page(request, f"{verb} {number}?", previews, reverse(LIST), verb, more)


def change_selected(
    request: HttpRequest,
    rules: Sequence[CampaignRule],
    change: Callable[..., RuleChange | None],
    done: str,
) -> None:
    """Change all these rules or, where a change of one of their practices is held, none;
    say which.
    """
    also = ticked(request)

    def work() -> None:
        with transaction.atomic():
            for practice, ids in _by_practice(rules):
                change(practice, ids, user=request.user, include_messaged=also)

    try:
        retried(work)
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
        return
    said = "1 rule is" if len(rules) == 1 else f"{len(rules)} rules are"
    messages.success(request, f"{said} {done}.")
    doorbell.ring()


def _by_practice(rules: Iterable[CampaignRule]) -> list[tuple[Practice, set[int]]]:
    found: dict[Practice, set[int]] = {}
    for rule in rules:
        found.setdefault(rule.practice, set()).add(rule.pk)
    # In one order for everybody, since each practice is locked in turn.
    return sorted(found.items(), key=lambda pair: pair[0].pk)
