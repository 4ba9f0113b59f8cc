"""Our event subscriptions at athenahealth: one per topic (contract, section 7)."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

# The words of the FHIR standard for a subscription that tells, or is about to.
ACTIVE, REQUESTED = "active", "requested"
LIVE = frozenset({ACTIVE, REQUESTED})


class Wish(StrEnum):
    """What Kept requested for a subscription; stands in the status column until it is
    carried out.
    """

    WANTED = "wanted"
    RENEW = "to be renewed"
    DELETE = "to be deleted"


def placeholder(topic: str) -> str:
    """Stands in for the vendor's id while there is none, so that a topic can be requested only
    once.
    """
    return f"wanted:{topic}"


class EventSubscription(models.Model):
    """One subscription as the vendor last showed it, and when it last told of something."""

    audit_kind = "subscription"

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="subscriptions"
    )
    topic = models.CharField(max_length=60, help_text="such as Appointment.schedule")
    external_id = models.CharField(max_length=120)
    endpoint = models.URLField(max_length=300)
    status = models.CharField(max_length=20, help_text="the vendor's word")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(help_text="when the vendor last showed it")
    last_event_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(
        null=True, blank=True, help_text="changes came by polling that it did not tell of"
    )
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["practice_id", "topic", "-ends_at"]
        constraints = [
            models.UniqueConstraint(
                "practice", "external_id", name="one_row_per_event_subscription"
            ),
        ]
        indexes = [
            # The timer: which are to be renewed.
            models.Index(fields=["ends_at"], name="subscriptions_ending"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.practice}"
