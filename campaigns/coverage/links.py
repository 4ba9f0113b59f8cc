"""Where a hole is mended: the page for each reason, and the lists that show the visits."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlencode

from campaigns.coverage.groups import Window
from campaigns.domain.coverage import Code
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
