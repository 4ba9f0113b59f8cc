"""What a vendor sent and Kept does not know: counted, shown, and never guessed at."""

from __future__ import annotations

from django.db import models


class UnknownValue(models.Model):
    """One code or shape that a vendor's messages held and no table of ours names.

    `what` is the field, such as "appointment status"; `value` the code itself, or its shape where
    it might be free text (never a patient's words). The console lists them newest first.
    """

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    vendor = models.CharField(max_length=20)
    what = models.CharField(max_length=60)
    value = models.CharField(max_length=80)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-first_seen_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "vendor", "what", "value"], name="one_row_per_unknown_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.value}"
