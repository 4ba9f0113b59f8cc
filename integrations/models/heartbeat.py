"""Proof of life of the background processes; what watches over them reads it."""

from __future__ import annotations

from django.db import models


class HeartbeatRole(models.TextChoices):
    """Which loop beats."""

    WORKERS = "workers", "workers"
    SWEEPER = "sweeper", "sweeper"
    WATCH = "watch", "watch"


class Heartbeat(models.Model):
    """One process of one machine that says it is alive by doing work, again and again."""

    role = models.CharField(max_length=12, choices=HeartbeatRole.choices)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ["role", "host", "pid"]
        constraints = [
            models.UniqueConstraint("role", "host", "pid", name="one_heartbeat_per_process"),
        ]
        indexes = [models.Index(fields=["role", "-beat_at"], name="heartbeats_latest")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.pid} on {self.host}"
