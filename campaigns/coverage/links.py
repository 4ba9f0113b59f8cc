"""Where a hole is mended: the page for each reason, the lists that show the visits, and a line of
the mapping as a person would say it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlencode

from campaigns.coverage.groups import Window
from campaigns.domain.coverage import Code
from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.domain.snapshot import Campaign, Rule
from campaigns.domain.values import Modality
from campaigns.labels import MODALITIES, tongue
from campaigns.mapping.rule_text import NO_REMINDERS
from campaigns.models import Practice

_LIST = "/admin/campaigns/appointment/"
_MAPPING = "/coverage/mapping/"


@dataclass(frozen=True)
class Fix:
    """What to do, and the page where it is done."""

    label: str
    address: str


_FIXES = {
    Code.NO_RULE: Fix("Open the mapping", _MAPPING),
    Code.TYPE_EXCLUDED: Fix("Open the mapping", _MAPPING),
    Code.CAMPAIGN_INACTIVE: Fix("Choose another campaign", _MAPPING),
    Code.HELD_FOR_APPROVAL: Fix("See the change", "/admin/campaigns/rulechange/"),
    Code.TIME_ZONE_UNKNOWN: Fix(
        "See the departments without a zone", "/admin/campaigns/department/?time_zone__exact="
    ),
    Code.VENDOR_REJECTED: Fix(
        "See what was refused", "/admin/campaigns/effect/?status__exact=rejected"
    ),
    Code.OUTCOME_UNKNOWN: Fix(
        "See what is parked", "/admin/campaigns/effect/?status__exact=parked"
    ),
    Code.PATIENT_AMBIGUOUS: Fix("See the work items", "/admin/campaigns/workitem/"),
    Code.ENDED_ELSEWHERE: Fix("See the work items", "/admin/campaigns/workitem/"),
    Code.RECORD_UNREADABLE: Fix("See the work items", "/admin/campaigns/workitem/"),
}


def fix_of(code: Code) -> Fix | None:
    """Where a reason is mended in Kept; None where only the visit itself can tell."""
    return _FIXES.get(code)


def mapping_of(type_id: str, known: Container[str]) -> str:
    """The mapping editor at one type, by athenahealth's id.

    A visit may be of a type that was added since the types were loaded: then the whole mapping.
    """
    return _MAPPING + (f"?{urlencode({'type': type_id})}" if type_id in known else "")


def rule_of(rule_id: int) -> str:
    """One line of the mapping in the console."""
    return f"/admin/campaigns/campaignrule/{rule_id}/change/"


def visits_of(practice: Practice, window: Window, **filters: str) -> str:
    """The console's list with the very visits that were counted."""
    asked = {"practice": str(practice.pk), **filters}
    # A visit without a time zone has no start to compare.
    if filters.get("coverage_code__exact") != Code.TIME_ZONE_UNKNOWN.value:
        asked["starts_at__lt"] = window.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{_LIST}?{urlencode(asked)}"


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
