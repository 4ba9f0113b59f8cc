"""The log of calls to the vendors: enough to talk to their support, nothing about patients."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class HttpExchange(models.Model):
    """One HTTP call. The path is a template: no ids, no query, and never a body."""

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    vendor = models.CharField(max_length=20)
    method = models.CharField(max_length=8)
    path_template = models.CharField(max_length=160)
    status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="empty when no answer came"
    )
    duration_ms = models.PositiveIntegerField()
    request_id = models.CharField(max_length=100, blank=True, default="")
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=20, help_text="answered, not_sent or no_answer")
    effect_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The console: a practice's latest calls. The effect page: the calls of one effect.
            models.Index(fields=["practice", "-at"], name="exchanges_of_practice"),
            models.Index(
                fields=["effect_id"],
                name="exchanges_of_effect",
                condition=models.Q(effect_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path_template} {self.status or self.outcome}"
