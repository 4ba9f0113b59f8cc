"""The page between a change of the rules and its saving: what it does to the visits ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from campaigns.decisions.practice_snapshot import rules_of
from campaigns.domain.snapshot import Rule
from campaigns.mapping import rule_text as rulewords
from campaigns.mapping.preview import preview
from campaigns.models import CampaignRule, Practice

# Named in the page's forms.
SEEN = "effect_seen"
ALSO_WRITTEN_TO = "include_messaged"


@dataclass(frozen=True)
class Effect:
    """What one practice's change is and would do, in words; `lines` of the mapping."""

    practice: str
    lines: Sequence[str]
    sentences: Sequence[str]
    staying: int
    approval: str


def effect_of(practice: Practice, rules_after: Iterable[Rule], include_messaged: bool) -> Effect:
    """Ask and word it; `approval` is empty where no second person is needed."""
    before, after = rules_of(practice), tuple(rules_after)
    found = preview(practice, after, include_messaged, before)
    names = rulewords.campaign_names(practice)
    moves = rulewords.moved(found.moves, names) or ["No visit changes its campaign."]
    held = found.needs_approval(practice.hold_share)
    return Effect(
        practice.name,
        rulewords.lines_changed(practice, map(astuple, before), map(astuple, after))
        or ["The rules in force stay as they are."],
        [*moves, *rulewords.staying(found.staying), *rulewords.undecided(found.undecided)],
        found.staying,
        rulewords.held(found.moving, found.upcoming) if held else "",
    )


def effect_page(
    request: HttpRequest,
    title: str,
    effects: Sequence[Effect],
    back: str,
    button: str = "Save",
    more: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The effects, the tick, and everything that was sent, to be sent again with the button.

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
        "effects": effects,
        "several": len(effects) > 1,
        "staying": sum(effect.staying for effect in effects),
        "sent": [*sent, *(more or {}).items(), (SEEN, "yes")],
        "back": back,
        "button": button,
    }
    return TemplateResponse(request, "campaigns/admin/rule_effect.html", context)


def ticked(request: HttpRequest) -> bool:
    """Whether visits that are confirmed or were written to are to move too."""
    return bool(request.POST.get(ALSO_WRITTEN_TO))
