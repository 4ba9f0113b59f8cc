"""Which campaign rule wins for a visit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from campaigns.domain.languages import same_language
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import Modality, Risk

ANY = "any"
EVERY_TYPE = "*"


@dataclass(frozen=True)
class Route:
    """What the rules are asked with."""

    type_id: str
    modality: Modality
    risk: Risk
    language: str
    default_language: str


def winner(rules: Iterable[Rule], campaigns: Mapping[str, Campaign], route: Route) -> Rule | None:
    """The rule that decides, or None when no rule matches.

    Patient's language or any before the practice's default, then exact type, exact modality,
    exact risk, exact language.
    """
    matching = [rule for rule in rules if _matches(rule, campaigns, route)]
    return min(matching, key=lambda rule: _rank(rule, route), default=None)


def _matches(rule: Rule, campaigns: Mapping[str, Campaign], route: Route) -> bool:
    return (
        rule.type_id in (route.type_id, EVERY_TYPE)
        and _modality_fits(rule, campaigns, route.modality)
        and (rule.risk in (route.risk, ANY) or rule.risk == Risk.STANDARD)
        and _language_fits(rule, route)
    )


def _modality_fits(rule: Rule, campaigns: Mapping[str, Campaign], modality: Modality) -> bool:
    """A rule for any modality fits only while its campaign does: no directions by video."""
    if rule.modality == modality:
        return True
    if rule.modality != ANY:
        return False
    campaign = campaigns.get(rule.campaign)
    return not rule.campaign or campaign is None or speaks_for(campaign, modality)


def speaks_for(campaign: Campaign, modality: Modality) -> bool:
    """Whether the campaign's words suit a visit of this modality."""
    return campaign.modality in (ANY, modality)


def _language_fits(rule: Rule, route: Route) -> bool:
    return (
        rule.language == ANY
        or same_language(rule.language, route.language)
        or same_language(rule.language, route.default_language)
    )


def is_fallback(rule: Rule, route: Route) -> bool:
    """Whether the rule speaks the practice's default language instead of the patient's."""
    return rule.language != ANY and not same_language(rule.language, route.language)


def is_hole(rule: Rule, route: Route) -> bool:
    """Whether enhanced risk gets what was meant for standard risk, for want of a rule."""
    return route.risk is Risk.ENHANCED and rule.risk == Risk.STANDARD


def _rank(rule: Rule, route: Route) -> tuple[bool, bool, bool, int, bool, bool, int]:
    # For an enhanced visit a rule for any risk comes before one for standard.
    risk_order = {str(route.risk): 0, ANY: 1}
    return (
        is_fallback(rule, route),
        rule.type_id == EVERY_TYPE,
        rule.modality == ANY,
        risk_order.get(rule.risk, 2),
        rule.language == ANY,
        rule.language != route.language,
        rule.id,
    )
