"""One row of the mapping written, with its audit event. Always inside a rule change."""

from __future__ import annotations

from audit.recorder import audit_row
from campaigns.models import CampaignRule

_SAVED = ("appointment_type_id", "modality", "risk", "language", "campaign", "active")


def as_audit_list(rule: CampaignRule) -> list[str]:
    """A rule as the audit trail and the import speak of it."""
    key = [rule.appointment_type_id, rule.modality, rule.risk, rule.language]
    campaign = rule.campaign.external_id if rule.campaign else ""
    return [*key, campaign, "active" if rule.active else "inactive"]


def create_rule(rule: CampaignRule) -> None:
    """Insert a rule; one that was deleted comes back under its own number."""
    rule.save(force_insert=True)
    _audit("rule.created", rule, None)


def update_rule(rule: CampaignRule, before: list[str]) -> None:
    """Store an edited rule; `before` is what it said."""
    rule.save(update_fields=_SAVED)
    _audit("rule.updated", rule, before)


def switch_off_rule(rule: CampaignRule, action: str = "rule.updated") -> None:
    """Keep the row, because past decisions name it, but let it count no more."""
    before = as_audit_list(rule)
    rule.active = False
    rule.save(update_fields=["active"])
    _audit(action, rule, before)


def _audit(action: str, rule: CampaignRule, before: list[str] | None) -> None:
    audit_row(action, rule, rule=as_audit_list(rule), before=before)
