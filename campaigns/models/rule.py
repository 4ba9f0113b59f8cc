"""The mapping that clinical ops keep: which visits get which campaign."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.models.practice import Campaign, Practice


class CampaignRule(models.Model):
    """One line of the mapping. A rule without a campaign excludes its type on purpose."""

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
        choices=[("any", "any"), ("standard", "standard"), ("enhanced", "enhanced")],
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
