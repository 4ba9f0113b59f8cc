"""A practice with one rule that is about to change, and the visits that it moves."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from campaigns.domain.values import RuleChangeStatus
from campaigns.mapping.rule_changes import change_rules
from campaigns.mapping.rules import as_audit_list, create_rule, update_rule
from campaigns.models import (
    Appointment,
    Campaign,
    CampaignRule,
    Enrollment,
    Practice,
    RuleChange,
)
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    PracticeFactory,
)


def a_mapped_practice() -> Practice:
    """One rule for physicals, and campaigns to change to; any share may move."""
    made = PracticeFactory(hold_share=1, alert_emails="ops@example.org")
    AppointmentTypeFactory(practice=made)
    campaign(made, "cmp_es", "Preventive visit, Spanish")
    CampaignRuleFactory(practice=made, campaign=campaign(made, "cmp_en", "Preventive visit"))
    return made


def campaign(practice: Practice, external_id: str, name: str) -> Campaign:
    return CampaignFactory(practice=practice, external_id=external_id, name=name)


def visit(practice: Practice, enrolled_in: str = "cmp_en", **columns: Any) -> Appointment:
    """A visit that was looked at; `enrolled_in` empty for one without reminders."""
    enrollment = columns.pop("enrollment", {})
    routed = {"route_modality": "in_person", "route_risk": "standard", "route_language": "en"}
    columns = {"route_campaign": enrolled_in, **routed, **columns}
    made = AppointmentFactory(practice=practice, **columns)
    if enrolled_in:
        Enrollment.objects.create(
            practice=practice,
            appointment=made,
            patient=made.patient,
            generation=1,
            campaign=enrolled_in,
            lead_channel="sms",
            starts_at=made.starts_at,
            created_at=timezone.now(),
            **{"status": "active", **enrollment},
        )
    return made


def save_rule(
    rule: CampaignRule, *, user: Any = None, include_messaged: bool = False
) -> RuleChange | None:
    """One rule, new or edited, as a change of the mapping."""

    def apply() -> None:
        stored = CampaignRule.objects.select_related("campaign").filter(pk=rule.pk).first()
        if stored is None:
            create_rule(rule)
        elif as_audit_list(stored) != as_audit_list(rule):
            update_rule(rule, as_audit_list(stored))

    _, change = change_rules(rule.practice, apply, user=user, include_messaged=include_messaged)
    return change


def change_to(practice: Practice, external_id: str, **how: Any) -> RuleChange:
    rule = CampaignRule.objects.select_related("practice").get(practice=practice, active=True)
    rule.campaign = Campaign.objects.get(practice=practice, external_id=external_id)
    change = save_rule(rule, **how)
    assert change is not None
    return change


def held(practice: Practice, user: Any = None, **how: Any) -> RuleChange:
    """A change that moves the only enrolled visit, where half of them may move."""
    Practice.objects.filter(pk=practice.pk).update(hold_share=0.5)
    visit(practice)
    change = change_to(practice, "cmp_es", user=user, **how)
    assert change.status == RuleChangeStatus.HELD
    return change
