"""A line of the mapping as a person would say it."""

from __future__ import annotations

from collections.abc import Mapping

from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import Modality
from campaigns.labels import MODALITIES, tongue
from campaigns.mapping.rule_text import NO_REMINDERS


def rule_in_words(
    rule: Rule, types: Mapping[str, str], campaigns: Mapping[str, Campaign]
) -> tuple[str, str]:
    """For which visits it is meant, and what they get."""
    every = rule.type_id == EVERY_TYPE
    parts = ["Every type" if every else types.get(rule.type_id) or f"type {rule.type_id}"]
    parts += [] if rule.modality == ANY else [MODALITIES[Modality(rule.modality)]]
    parts += [] if rule.risk == ANY else [f"{rule.risk} risk"]
    parts += [] if rule.language == ANY else [tongue(rule.language)]
    campaign = campaigns.get(rule.campaign)
    return ", ".join(parts), campaign.name if campaign else rule.campaign or NO_REMINDERS
