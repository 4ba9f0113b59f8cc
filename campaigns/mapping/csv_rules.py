"""Campaign rules as CSV: read with every objection, and written so that it reads back."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain.languages import tag_of
from campaigns.domain.risk import RISK_LEVELS
from campaigns.domain.rule_match import ANY, EVERY_TYPE
from campaigns.domain.values import Modality
from campaigns.mapping.csv_format import (
    BadCell,
    BadHeading,
    Line,
    LineError,
    lines_of,
    shape_of,
    written,
)
from campaigns.models import AppointmentType, Campaign, CampaignRule, Practice

COLUMNS = ("appointment_type_id", "modality", "risk", "language", "campaign_id")
OPTIONAL = ("active",)
MODALITIES = (Modality.IN_PERSON.value, Modality.TELEHEALTH.value, ANY)
RISKS = (*(risk.value for risk in RISK_LEVELS), ANY)

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class RuleLine:
    """One rule as staff wrote it; `campaign` None excludes the type on purpose."""

    key: Key
    campaign: Campaign | None
    active: bool


@dataclass(frozen=True)
class _Known:
    """What a rule may name: the practice's types and its campaign library."""

    types: frozenset[str]
    campaigns: dict[str, Campaign]


def read_rules(practice: Practice, text: str) -> tuple[list[RuleLine], list[LineError]]:
    """The rules of a file, and what is wrong with it; with any error, nothing may be taken over."""
    types = AppointmentType.objects.filter(practice=practice).values_list("external_id", flat=True)
    library = {row.external_id: row for row in Campaign.objects.filter(practice=practice)}
    known = _Known(frozenset(types), library)
    rules: list[RuleLine] = []
    errors: list[LineError] = []
    active_at: dict[Key, int] = {}
    try:
        for line in lines_of(text, COLUMNS, OPTIONAL):
            try:
                rule = _rule(line, known)
                _refuse_twin(rule, line, active_at)
                rules.append(rule)
            except BadCell as objection:
                errors.append(LineError(line.number, str(objection)))
    except BadHeading as objection:
        errors.append(LineError(1, str(objection)))
    return rules, errors


def _rule(line: Line, known: _Known) -> RuleLine:
    shape_of(line)
    type_id = line.cells["appointment_type_id"]
    if type_id != EVERY_TYPE and type_id not in known.types:
        raise BadCell(f"the practice has no appointment type {type_id!r}; * means every type")
    campaign_id = line.cells["campaign_id"]
    if campaign_id and campaign_id not in known.campaigns:
        raise BadCell(f"there is no campaign {campaign_id!r} in the library")
    key = (
        type_id,
        line.one_of("modality", MODALITIES),
        line.one_of("risk", RISKS),
        _language(line),
    )
    return RuleLine(key, known.campaigns.get(campaign_id), line.flag("active", empty=True))


def language_tag(text: str) -> str | None:
    """A language as rules hold it: its tag, or any; None when it names no language."""
    return ANY if text.lower() == ANY else tag_of(text)


def _language(line: Line) -> str:
    text = line.cells["language"]
    tag = language_tag(text)
    if tag is None:
        raise BadCell(f"language {text!r}: a BCP-47 language such as es, or any, is needed")
    return tag


def _refuse_twin(rule: RuleLine, line: Line, active_at: dict[Key, int]) -> None:
    if not rule.active:
        return
    if rule.key in active_at:
        raise BadCell(
            f"a second active rule for the same key; the first is in line {active_at[rule.key]}"
        )
    active_at[rule.key] = line.number


def write_rules(practice: Practice) -> str:
    """The practice's rules as a file that read_rules takes back unchanged."""
    rows = CampaignRule.objects.filter(practice=practice).select_related("campaign")
    return written(
        (*COLUMNS, *OPTIONAL),
        [
            (
                row.appointment_type_id,
                row.modality,
                row.risk,
                row.language,
                row.campaign.external_id if row.campaign else "",
                str(row.active).lower(),
            )
            for row in rows.order_by("appointment_type_id", "modality", "risk", "language", "pk")
        ],
    )
