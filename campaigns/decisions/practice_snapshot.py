"""What a decision knows of the practice: settings, mapping, campaign library."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Coalesce

from campaigns.domain import snapshot as facts
from campaigns.domain.effects import WindowBody
from campaigns.domain.values import Channel, Confirmation, RuleChangeStatus
from campaigns.models import (
    Campaign,
    CampaignRule,
    ConfirmationStatus,
    Practice,
    RuleChange,
)
from campaigns.reference.cancel_reasons import cancel_reason_of

# What a decision knows of a setting in another form, or of what it leads to.
_DERIVED = frozenset(
    {
        "age_of_majority",
        "no_address_words",
        "confirmed_status_id",
        "operator_status_id",
        "cancel_reason_id",
        "cancel_reason_frees_slot",
        "send_windows",
    }
)


def settings_of(practice: Practice, department: str = "") -> facts.Settings:
    """A practice's settings, as they hold at a department, with the reference rows that they lead
    to.
    """
    reason = cancel_reason_of(practice)
    statuses = dict(
        ConfirmationStatus.objects.filter(practice=practice).values_list("meaning", "external_id")
    )
    plain = {
        one.name: getattr(practice, one.name)
        for one in fields(facts.Settings)
        if one.name not in _DERIVED
    }
    return facts.Settings(
        **plain,
        age_of_majority=practice.majority_at(department),
        no_address_words=tuple(filter(None, practice.no_address_words.split(","))),
        confirmed_status_id=statuses.get(Confirmation.CONFIRMED, ""),
        operator_status_id=statuses.get(
            Confirmation.CONFIRMED_BY_OPERATOR, statuses.get(Confirmation.CONFIRMED, "")
        ),
        cancel_reason_id=reason.external_id if reason else "",
        cancel_reason_frees_slot=reason.frees_slot if reason else False,
        send_windows={
            Channel.EMAIL: _window(practice, "email"),
            Channel.SMS: _window(practice, "sms"),
            Channel.VOICE: _window(practice, "voice"),
        },
    )


def _window(practice: Practice, channel: str) -> WindowBody:
    start = getattr(practice, f"send_window_{channel}_start")
    end = getattr(practice, f"send_window_{channel}_end")
    return {"start": start.strftime("%H:%M"), "end": end.strftime("%H:%M")}


def cancel_reason_in_words(practice: Practice) -> str:
    """Which reason is in force, why, and what becomes of the slot: for the settings' pages."""
    reason = cancel_reason_of(practice)
    if reason is None:
        why = "is not in athenahealth's list" if practice.cancel_reason_id else "fits by its flags"
        which = f"reason {practice.cancel_reason_id}" if practice.cancel_reason_id else "no reason"
        return f"none: {which} {why}, so cancellations are left to the desk"
    how = "as set" if practice.cancel_reason_id else "chosen by its flags"
    slot = "frees the slot" if reason.frees_slot else "does not free the slot"
    return f"{reason.name} ({reason.external_id}), {how}; {slot}"


def rules_of(practice: Practice) -> tuple[facts.Rule, ...]:
    """The mapping in force."""
    rows = CampaignRule.objects.filter(practice=practice, active=True).select_related("campaign")
    return tuple(fact_of(row) for row in rows)


def fact_of(row: CampaignRule) -> facts.Rule:
    """One line of the mapping as decisions know it; 0 is the id of one that is not stored yet."""
    return facts.Rule(
        row.pk or 0,
        row.appointment_type_id,
        row.modality,
        row.risk,
        row.language,
        row.campaign.external_id if row.campaign else "",
    )


def rules_before_of(practice: Practice) -> tuple[facts.Rule, ...] | None:
    """The mapping as it was before the change that waits for approval; None when none waits."""
    held = RuleChange.objects.filter(practice=practice, status=RuleChangeStatus.HELD).first()
    return None if held is None else tuple(facts.Rule(*line) for line in held.before)


def all_move_since_of(practice: Practice) -> datetime | None:
    """When staff last said that a change also moves visits that were written to or confirmed."""
    in_force = RuleChange.objects.filter(
        practice=practice,
        include_messaged=True,
        status__in=[RuleChangeStatus.APPLIED, RuleChangeStatus.APPROVED],
    )
    moment = Coalesce("decided_at", "made_at")
    return in_force.aggregate(newest=Max(moment))["newest"]


def campaigns_of(practice: Practice) -> dict[str, facts.Campaign]:
    """The campaign library by Relatient's ids."""
    return {
        row.external_id: facts.Campaign(
            row.external_id,
            row.name,
            row.language,
            row.modality,
            row.intensity,
            tuple(Channel(channel) for channel in row.channels),
            row.active,
        )
        for row in Campaign.objects.filter(practice=practice)
    }
