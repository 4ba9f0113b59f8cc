"""The mapping that clinical ops keep: which visits get which campaign."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.domain.values import Risk, RuleChangeStatus
from campaigns.models.practice import Campaign, Practice, choices, in_words


def risks() -> list[tuple[str, str]]:
    """What a rule may say of the risk. Named by migrations."""
    return [("any", "any"), *in_words(Risk)]


class CampaignRule(models.Model):
    """One line of the mapping. A rule without a campaign excludes its type on purpose."""

    audit_kind = "rule"

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="rules")
    appointment_type_id = models.CharField(
        max_length=40, help_text="athenahealth's appointment type id, or * for every type"
    )
    modality = models.CharField(
        max_length=12,
        default="any",
        choices=[("any", "any"), ("in_person", "in person"), ("telehealth", "telehealth")],
    )
    risk = models.CharField(
        max_length=8,
        default="any",
        choices=risks,
    )
    language = models.CharField(max_length=20, default="any", help_text="BCP-47, or any")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rules",
        help_text="empty: visits of this kind get no reminders, on purpose",
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["appointment_type_id", "modality", "risk", "language"]
        constraints = [
            models.UniqueConstraint(
                "practice",
                "appointment_type_id",
                "modality",
                "risk",
                "language",
                condition=Q(active=True),
                name="one_active_rule_per_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.appointment_type_id}, {self.modality}, {self.risk}, {self.language}"


class RuleChange(models.Model):
    """One change of the mapping: what it was, what it became, and whom it moves.

    `before` and `after` are whole mappings, a list of [rule id, type, modality, risk, language,
    campaign] with the campaign empty where the type is excluded. `moves` is the preview that was
    shown: a list of [campaign before, campaign after, visits].
    """

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="rule_changes")
    status = models.CharField(max_length=8, choices=choices(RuleChangeStatus))
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    moves = models.JSONField(default=list)
    upcoming = models.PositiveIntegerField(default=0, help_text="enrolled visits ahead")
    moving = models.PositiveIntegerField(default=0, help_text="those of them that move")
    include_messaged = models.BooleanField(
        "also visits that are confirmed or were written to", default=False
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_by_name = models.CharField(max_length=150)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by_name = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                "practice",
                condition=Q(status=RuleChangeStatus.HELD),
                name="one_held_change_per_practice",
            )
        ]
        indexes = [
            # Every look asks since when visits that were written to move, too.
            models.Index(
                "practice",
                models.F("made_at").desc(),
                condition=Q(include_messaged=True),
                name="change_moving_all",
            )
        ]

    def __str__(self) -> str:
        return f"change of the mapping of {self.made_at:%Y-%m-%d %H:%M}"
