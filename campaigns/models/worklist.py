"""Work items: what a person has to look at, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.domain.values import WorkItemKind
from campaigns.encryption import EncryptedJSONField
from campaigns.models.appointment import Appointment
from campaigns.models.practice import Practice, choices
from campaigns.models.response import Response


class WorkItem(models.Model):
    """One reason to look at one appointment; a look opens it and a look closes it."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="work_items")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, related_name="work_items"
    )
    response = models.ForeignKey(Response, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24, choices=choices(WorkItemKind))
    sentence = models.CharField(max_length=300)
    details = EncryptedJSONField(null=True, help_text="what the desk needs beside the sentence")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                "appointment",
                "kind",
                condition=Q(closed_at__isnull=True, response__isnull=True),
                name="one_open_item_per_kind",
            ),
            models.UniqueConstraint(
                "response",
                "kind",
                condition=Q(response__isnull=False),
                name="one_item_per_response_and_kind",
            ),
        ]
        indexes = [
            models.Index(
                "practice", "opened_at", condition=Q(closed_at__isnull=True), name="item_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of appointment {self.appointment_id}"
