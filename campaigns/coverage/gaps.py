"""Where the mapping has holes: the rules are asked once for each kind of visit that is ahead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from campaigns.coverage.groups import APART, Group
from campaigns.domain.coverage import State
from campaigns.domain.languages import same_language
from campaigns.domain.risk import RISK_LEVELS
from campaigns.domain.rule_match import VisitKind, is_fallback, is_hole, winner
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import Modality, Risk
from campaigns.labels import MODALITIES, tongue


class Lack(StrEnum):
    """What a kind of visit has no rule for."""

    TYPE = "type"
    LANGUAGE = "language"
    MODALITY = "modality"
    RISK = "risk"


@dataclass(frozen=True)
class Hole:
    """One kind of visit, what it lacks, and what becomes of it meanwhile."""

    lack: Lack
    type_id: str
    missing: str
    meanwhile: str
    visits: int


@dataclass(frozen=True)
class Holes:
    """All holes of the visits ahead, the largest first.

    `unmapped` are types that no rule names; `variants` lack a language, a modality or a risk.
    `idle` are rules that decide no visit ahead, `ended` counts visits by campaign of a rule that
    is switched off at Relatient (0: such a campaign is in the rules, and nobody would get it).
    """

    unmapped: tuple[Hole, ...]
    variants: tuple[Hole, ...]
    idle: tuple[Rule, ...]
    ended: Mapping[str, int]


def holes_of(
    groups: Iterable[Group],
    rules: Sequence[Rule],
    campaigns: Mapping[str, Campaign],
    default_language: str,
) -> Holes:
    """Ask the rules about every group of visits. Pure: no query."""
    search = _Search(rules, campaigns)
    for group in groups:
        visit = group.visit_kind(default_language)
        if visit is not None:
            search.ask(group, visit)
    return search.found()


@dataclass
class _Search:
    rules: Sequence[Rule]
    campaigns: Mapping[str, Campaign]
    lacking: Counter[tuple[Lack, str, str, str]] = field(default_factory=Counter)
    used: set[int] = field(default_factory=set)
    ended: Counter[str] = field(default_factory=Counter)

    def ask(self, group: Group, visit: VisitKind) -> None:
        """Find the rule that decides the group, and remember what the group lacks."""
        rule = winner(self.rules, self.campaigns, visit)
        if rule is not None:
            self.used.add(rule.id)
        if group.code in APART:
            return
        if rule is not None:
            self._ruled(group, visit, rule)
        # Enrolled without a rule: by hand, or in the practice's general campaign.
        elif group.state is not State.ENROLLED:
            self._unruled(group, visit)

    def _ruled(self, group: Group, visit: VisitKind, rule: Rule) -> None:
        campaign = self.campaigns.get(rule.campaign)
        if not rule.campaign or campaign is None:
            return
        if not campaign.active:
            self.ended[campaign.id] += group.visits
        if is_fallback(rule, visit):
            told = f"written to in {tongue(rule.language)}: {campaign.name}"
            self._lacks(Lack.LANGUAGE, group, tongue(visit.language), told)
        if is_hole(rule, visit):
            meant = RISK_LEVELS[Risk(rule.risk)].label
            told = f"get what is meant for {meant}: {campaign.name}"
            self._lacks(Lack.RISK, group, RISK_LEVELS[visit.risk].label, told)

    def _unruled(self, group: Group, visit: VisitKind) -> None:
        nothing = "no reminders"
        if not any(rule.type_id == visit.type_id for rule in self.rules):
            self._lacks(Lack.TYPE, group, "", nothing)
        elif self._would_match(replace(visit, modality=_other(visit.modality))):
            self._lacks(Lack.MODALITY, group, MODALITIES[visit.modality], nothing)
        elif any(self._would_match(replace(visit, risk=risk)) for risk in RISK_LEVELS):
            self._lacks(Lack.RISK, group, RISK_LEVELS[visit.risk].label, nothing)
        elif self._speaks_another(visit):
            self._lacks(Lack.LANGUAGE, group, tongue(visit.language), nothing)
        else:
            modality = MODALITIES[visit.modality]
            risk = RISK_LEVELS[visit.risk].label
            several = f"{modality}, {risk}, {tongue(visit.language)}"
            self._lacks(Lack.MODALITY, group, several, nothing)

    def _would_match(self, visit: VisitKind) -> bool:
        return winner(self.rules, self.campaigns, visit) is not None

    def _speaks_another(self, visit: VisitKind) -> bool:
        tags = {rule.language for rule in self.rules if rule.type_id == visit.type_id}
        return any(
            self._would_match(replace(visit, language=tag))
            for tag in sorted(tags)
            if not same_language(tag, visit.language)
        )

    def _lacks(self, lack: Lack, group: Group, missing: str, meanwhile: str) -> None:
        self.lacking[lack, group.type_id, missing, meanwhile] += group.visits

    def found(self) -> Holes:
        """All holes that were remembered, the largest first."""
        ranked = sorted(self.lacking.items(), key=lambda one: (-one[1], one[0]))
        holes = [Hole(*lacking, visits) for lacking, visits in ranked]
        in_rules = {rule.campaign for rule in self.rules}
        inactive = [c.id for c in self.campaigns.values() if c.id in in_rules and not c.active]
        return Holes(
            unmapped=tuple(hole for hole in holes if hole.lack is Lack.TYPE),
            variants=tuple(hole for hole in holes if hole.lack is not Lack.TYPE),
            idle=tuple(rule for rule in self.rules if rule.id not in self.used),
            ended={id_: self.ended[id_] for id_ in sorted(inactive)},
        )


def _other(modality: Modality) -> Modality:
    return Modality.IN_PERSON if modality is Modality.TELEHEALTH else Modality.TELEHEALTH
