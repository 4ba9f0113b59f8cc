"""Why a visit gets what it gets, in one sentence made of a decision's findings.

The page of a visit, the page for trying and the command `explain` say it in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaigns.domain.coverage import Code, State, state_of
from campaigns.labels import finding

# The steps that can bring a visit to a code, the one that explains most first.
_TELLING: dict[Code, tuple[str, ...]] = {
    Code.AWAITING_PATIENT: ("patient",),
    Code.AWAITING_HISTORY: ("no_shows",),
    Code.HELD_FOR_APPROVAL: ("approval",),
    Code.NO_RULE: ("rule",),
    Code.TYPE_EXCLUDED: ("rule",),
    Code.OPTED_OUT: ("contact",),
    Code.TOO_LATE: ("time",),
    Code.PATIENT_INACTIVE: ("patient",),
    Code.SECONDARY_RESOURCE: ("resources",),
    Code.STOPPED_BY_STAFF: ("staff",),
    Code.NO_CONTACT_CHANNEL: ("channels", "contact"),
    Code.GUARDIAN_CONTACT_MISSING: ("recipient",),
    Code.TELEHEALTH_LINK_MISSING: ("video_link",),
    Code.CAMPAIGN_INACTIVE: ("campaign",),
    Code.NO_PROVIDER: ("provider",),
    Code.TIME_ZONE_UNKNOWN: ("time",),
    Code.ENDED_ELSEWHERE: ("staff",),
    Code.RECORD_UNREADABLE: ("recipient", "status"),
}
# The steps that can choose the campaign; a later one overrules an earlier one.
_CHOOSING = ("staff", "approval", "written_to", "time", "confirmation", "provider", "rule")
# A provider chooses only where the practice's general campaign is taken for it.
_GENERAL = "general campaign"

Findings = Iterable[Iterable[str]]


def why(code: Code, campaign: str, findings: Findings, campaigns: Mapping[str, str]) -> str:
    """One sentence, or nothing where the ledger's own says it all.

    `campaign` is Relatient's id of the chosen one, `findings` are (step, input, result) as a
    decision stores them, `campaigns` names by id.
    """
    noted = {name: (saw, said) for name, saw, said in findings}
    if state_of(code) is State.CLOSED:
        return ""
    if campaign:
        return _chosen(campaign, noted, campaigns)
    for filter_ in _TELLING.get(code, ()):
        if filter_ in noted:
            name, saw, said = finding(filter_, *noted[filter_], campaigns)
            return f"What decided it: {name.lower()}. Found: {saw}. So: {said}."
    return ""


def _chosen(
    campaign: str, noted: Mapping[str, tuple[str, str]], campaigns: Mapping[str, str]
) -> str:
    name = campaigns.get(campaign, campaign)
    for filter_ in _CHOOSING:
        if filter_ not in noted or not _chooses(filter_, noted[filter_][1]):
            continue
        _, saw, said = finding(filter_, *noted[filter_], campaigns)
        if filter_ == "rule":
            which = said.partition(":")[0]
            return f"Campaign: {name}, because {which} covers this kind of visit: {saw}."
        return f"Campaign: {name}, because of this: {saw}."
    return f"Campaign: {name}."


def _chooses(filter_: str, said: str) -> bool:
    """Whether the finding is about the campaign: some steps report on every visit."""
    if filter_ == "provider":
        return _GENERAL in said
    return filter_ != "time" or said.startswith("keep")
