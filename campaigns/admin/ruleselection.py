"""Several rules at once, deleted or switched off as one change of each practice's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from campaigns import doorbell
from campaigns.admin.ruleeffect import effect_of, effect_page, ticked
from campaigns.decisions.practice_snapshot import rules_of
from campaigns.locking import retried
from campaigns.mapping.preview import without
from campaigns.mapping.rule_changes import WAITS, ChangeRefused, held_change
from campaigns.models import CampaignRule, Practice, RuleChange

LIST = "admin:campaigns_campaignrule_changelist"


def effect_without(
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
    effects = [
        effect_of(practice, without(rules_of(practice), ids), False)
        for practice, ids in _by_practice(rules)
    ]
    number = "this campaign rule" if len(rules) == 1 else f"{len(rules)} campaign rules"
    return effect_page(request, f"{verb} {number}?", effects, reverse(LIST), verb, more)


def change_selected(
    request: HttpRequest,
    rules: Sequence[CampaignRule],
    change: Callable[..., RuleChange | None],
    done: str,
) -> None:
    """All of them or, where a practice has a change that waits, none; the visitor is told."""
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
