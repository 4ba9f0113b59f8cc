"""Where each feed stands, and the lease that lets only one process read it."""

from __future__ import annotations

from django.db import models


class Feed(models.TextChoices):
    """What is done again and again: three streams are read, the nightly round, and the upkeep of
    the event subscriptions."""

    APPOINTMENTS = "appointments", "changed appointments"
    PATIENTS = "patients", "changed patients"
    EVENTS = "events", "Relatient events"
    RECONCILE = "reconcile", "reconciliation"
    SUBSCRIPTIONS = "subscriptions", "event subscriptions"


# The feeds by which news come; the others say nothing about how fresh the data is.
NEWS = (Feed.APPOINTMENTS, Feed.PATIENTS, Feed.EVENTS)


class FeedCursor(models.Model):
    """One feed of one practice.

    athenahealth's feeds are emptied by reading them: `window_start` and `dirty` are stored before
    the read, so that an unclean end is mended by reading the window again. A window taken over
    from another process is read once more (`reread_from`) when that process has certainly given
    up (`reread_after`). Relatient's feed has a `cursor` instead.
    """

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="feeds"
    )
    feed = models.CharField(max_length=20, choices=Feed.choices)
    window_start = models.DateTimeField(null=True, blank=True)
    dirty = models.BooleanField(default=False)
    lease_token = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    reread_from = models.DateTimeField(null=True, blank=True)
    reread_after = models.DateTimeField(null=True, blank=True)
    cursor = models.TextField(blank=True, default="")
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    incident = models.CharField(max_length=36, blank=True, default="")
    alerted = models.BooleanField(default=False)
    backfill_from = models.DateTimeField(
        null=True, blank=True, help_text="rows since then were missed: read the booked visits"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("practice", "feed", name="one_cursor_per_feed"),
        ]
        indexes = [
            # The sweeper: which feeds are due.
            models.Index(fields=["next_poll_at"], name="feeds_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_feed_display()} of {self.practice}"
