"""The inbox: what a vendor sent or a read returned, stored raw before anything is done with it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from campaigns.encryption import EncryptedJSONField


class InboundKind(models.TextChoices):
    """What a message holds.

    `row` is one row of a page that could not be processed; `notification` a signed notification
    whose events cannot be told apart, kept whole.
    """

    APPOINTMENTS_PAGE = "appointments_page", "page of appointments"
    PATIENTS_PAGE = "patients_page", "page of patients"
    EVENTS_PAGE = "events_page", "page of events"
    EVENT = "event", "event"
    NOTIFICATION = "notification", "notification"
    ROW = "row", "row"


class InboundStatus(models.TextChoices):
    """Where a message stands."""

    STORED = "stored", "stored"
    PROCESSED = "processed", "processed"
    PARKED = "parked", "needs attention"


class InboundMessage(models.Model):
    """One message, stored once. The payload is encrypted and purged after its retention."""

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(
        "integrations.Connection", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    vendor = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=InboundKind.choices)
    external_id = models.CharField(max_length=120, blank=True, default="")
    payload = EncryptedJSONField(null=True, editable=False)
    read_began = models.DateTimeField()
    read_ended = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(
        max_length=10, choices=InboundStatus.choices, default=InboundStatus.STORED
    )
    lease_token = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True, default="")
    counts = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="rows"
    )
    sync_run = models.ForeignKey(
        "integrations.SyncRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "vendor", "kind", "external_id"],
                condition=~models.Q(external_id=""),
                name="one_message_per_external_id",
            ),
        ]
        indexes = [
            # The sweeper: stored messages, oldest first.
            models.Index(
                fields=["id"],
                name="inbound_unprocessed",
                condition=models.Q(status=InboundStatus.STORED.value),
            ),
            # The console and the purge: a practice's messages by age.
            models.Index(fields=["practice", "received_at"], name="inbound_of_practice"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.vendor} #{self.pk}"
