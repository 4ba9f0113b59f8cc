"""One run of something long: a poll, a backfill, a reconciliation."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class SyncKind(models.TextChoices):
    """What the run does."""

    POLL = "poll", "poll"
    COLLECT = "collect", "collect"
    BACKFILL = "backfill", "backfill"
    BOOTSTRAP = "bootstrap", "bootstrap"
    RECONCILE = "reconcile", "reconcile"
    DRY_RUN = "dry_run", "dry run of a backfill"


class SyncOutcome(models.TextChoices):
    """How it ended, or that it has not."""

    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    INTERRUPTED = "interrupted", "interrupted"


class SyncRun(models.Model):
    """What a run saw and did, and from where it goes on when it was interrupted."""

    practice = models.ForeignKey("campaigns.Practice", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=SyncKind.choices)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=12, choices=SyncOutcome.choices, default=SyncOutcome.RUNNING
    )
    counts = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    progress = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The console, and "is there an interrupted backfill to go on with".
            models.Index(fields=["practice", "kind", "-started_at"], name="runs_of_practice"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="running", ended_at__isnull=True)
                | (~models.Q(outcome="running") & models.Q(ended_at__isnull=False)),
                name="ended_runs_say_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.practice}"
