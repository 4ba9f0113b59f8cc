"""Clinical ops of the machine: they change the mapping, and a second person decides what waits."""

from __future__ import annotations

from copy import deepcopy

from django.contrib.auth import get_user_model

from audit.context import acting_as
from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.rule_changes import approve, held_change, reject
from campaigns.models import Campaign, CampaignRule, Practice
from tests.integration.rule_room import save_rule
from tests.scenarios.clinic import RULES, Clinic
from tests.scenarios.machine_choices import MORE_RULES
from tests.scenarios.machine_oracle import Mapping, Rule


class ClinicalOps:
    """What they did, as the oracle has to know it."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.mapping = Mapping([Rule(*line) for line in RULES])
        self.mapping.rules += [Rule(**vars(line)) for line in MORE_RULES]
        for line in self.mapping.rules[len(RULES) :]:
            self._as_it_should_be(CampaignRule(**self._key(line)), line).save()
        users = get_user_model().objects
        self.first, self.second = (users.get_or_create(username=n)[0] for n in ("ops", "second"))

    def change(
        self, line: int, campaign: str | None, active: bool, all_move: bool, share: float
    ) -> None:
        """One line becomes another; nothing while a change waits."""
        if self.mapping.before is not None:
            return
        former = deepcopy(self.mapping.rules)
        mine = self.mapping.rules[line]
        mine.active = active
        mine.campaign = mine.campaign if campaign == "as it is" else campaign
        Practice.objects.update(hold_share=share)
        row = self._as_it_should_be(CampaignRule.objects.get(**self._key(mine)), mine)
        with acting_as(user=self.first):
            change = save_rule(row, user=self.first, include_messaged=all_move)
        if change is not None and change.status == RuleChangeStatus.HELD:
            self.mapping.before = former
        elif change is not None:
            self._in_force(former, all_move)

    def decide(self, yes: bool) -> None:
        """Approve what waits, or take it back."""
        change, former = held_change(self.clinic.practice), self.mapping.before
        if change is None or former is None:
            return
        self.mapping.before = None
        with acting_as(user=self.second if yes else self.first):
            if yes:
                approve(change, self.second)
                self._in_force(former, change.include_messaged)
            else:
                reject(change, self.first)
                self.mapping.rules = former

    def _in_force(self, former: list[Rule], all_move: bool) -> None:
        """Who was written to under former rules keeps them, unless staff said otherwise."""
        self.mapping.kept = [] if all_move else [*self.mapping.kept, former]

    def _key(self, line: Rule) -> dict[str, object]:
        return {
            "practice": self.clinic.practice,
            "appointment_type_id": line.type_id,
            "modality": line.modality,
            "risk": line.risk,
            "language": line.language,
        }

    def _as_it_should_be(self, row: CampaignRule, line: Rule) -> CampaignRule:
        row.campaign = Campaign.objects.filter(external_id=line.campaign or "-").first()
        row.active = line.active
        return row
