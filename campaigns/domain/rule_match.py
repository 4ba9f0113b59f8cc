"""Which campaign rule wins for a visit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from campaigns.domain.languages import same_language
from campaigns.domain.risk import below
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import Modality, Risk

ANY = "any"
EVERY_TYPE = "*"


@dataclass(frozen=True)
class VisitKind:
    """What the rules are asked with."""

    type_id: str
    modality: Modality
    risk: Risk
    language: str
    default_language: str


def winner(
    rules: Iterable[Rule], campaigns: Mapping[str, Campaign], visit: VisitKind
) -> Rule | None:
    """The rule that decides, or None when no rule matches.

    Patient's language or any before the practice's default, then exact type, exact modality,
    exact risk, exact language.
    """
    matching = [rule for rule in rules if _matches(rule, campaigns, visit)]
    return min(matching, key=lambda rule: _rank(rule, visit), default=None)


def _matches(rule: Rule, campaigns: Mapping[str, Campaign], visit: VisitKind) -> bool:
    return (
        rule.type_id in (visit.type_id, EVERY_TYPE)
        and _modality_fits(rule, campaigns, visit.modality)
        and rule.risk in (visit.risk, ANY, *below(visit.risk))
        and _language_fits(rule, visit)
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


def _language_fits(rule: Rule, visit: VisitKind) -> bool:
    return (
        rule.language == ANY
        or same_language(rule.language, visit.language)
        or same_language(rule.language, visit.default_language)
    )


def is_fallback(rule: Rule, visit: VisitKind) -> bool:
    """Whether the rule speaks the practice's default language instead of the patient's."""
    return rule.language != ANY and not same_language(rule.language, visit.language)


def is_hole(rule: Rule, visit: VisitKind) -> bool:
    """Whether a level gets what was meant for one below it, for want of a rule."""
    return rule.risk in below(visit.risk)


def _rank(rule: Rule, visit: VisitKind) -> tuple[bool, bool, bool, int, bool, bool, int]:
    # A rule for any risk comes before one for a level below.
    order = (visit.risk, ANY, *below(visit.risk))
    return (
        is_fallback(rule, visit),
        rule.type_id == EVERY_TYPE,
        rule.modality == ANY,
        order.index(rule.risk),
        rule.language == ANY,
        rule.language != visit.language,
        rule.id,
    )
