"""How a practice reaches a vendor, and what all processes share per API key."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import models

from campaigns.domain.values import System, Vendor
from campaigns.encryption import EncryptedTextField


def connectable() -> list[tuple[str, str]]:
    """The vendors a practice can connect to, by the name people know; mail is Kept's own."""
    own = System.MAIL.value
    return [(vendor.value, vendor.label) for vendor in Vendor if vendor.value != own]


class WriteAccess(models.TextChoices):
    """What is known of the API key's right to write; only a real write can tell."""

    UNVERIFIED = "unverified", "not tried yet"
    WORKS = "works", "works"
    REFUSED = "refused", "refused"


class Connection(models.Model):
    """One practice's access to one vendor. Secrets are encrypted and never shown again."""

    practice = models.ForeignKey(
        "campaigns.Practice", on_delete=models.CASCADE, related_name="connections"
    )
    vendor = models.CharField(max_length=20, choices=connectable)
    base_url = models.URLField(
        max_length=300, help_text="athenahealth: scheme and host; Relatient: with its path prefix"
    )
    folder = models.CharField(
        max_length=300, blank=True, default="", help_text="where files are exchanged"
    )
    client_id = models.CharField(max_length=200, blank=True, default="")
    secret = EncryptedTextField(
        blank=True, default="", help_text="the client secret, or Relatient's API key"
    )
    webhook_secret = EncryptedTextField(blank=True, default="")
    webhook_secret_before = EncryptedTextField(
        blank=True, default="", help_text="the one before, still accepted while it is rotated"
    )
    webhook_heard_at = models.DateTimeField(
        null=True, blank=True, help_text="when an authentic notification last came"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150, blank=True, default="")
    paused_reason = models.CharField(max_length=300, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    check_report = models.JSONField(default=dict, blank=True)
    write_access = models.CharField(
        max_length=12, choices=WriteAccess.choices, default=WriteAccess.UNVERIFIED
    )
    # The circuit (connections/circuit_breaker.py): failures in a row; open since; when to probe
    # again.
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("practice", "vendor", name="one_connection_per_vendor"),
            # Who and when go together: nobody pauses a connection anonymously.
            models.CheckConstraint(
                condition=models.Q(paused_at__isnull=True, paused_by="")
                | (models.Q(paused_at__isnull=False) & ~models.Q(paused_by="")),
                name="pause_names_who_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True, probe_at__isnull=True)
                | models.Q(opened_at__isnull=False, probe_at__isnull=False),
                name="an_open_circuit_says_when_it_is_probed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_vendor_display()} of {self.practice}"

    @property
    def host(self) -> str:
        """Host and port: with the client id, the key under which the vendor counts our calls."""
        return urlsplit(self.base_url).netloc

    @property
    def is_paused(self) -> bool:
        """Whether nothing may be sent at present."""
        return self.paused_at is not None


class AccessToken(models.Model):
    """The bearer token that all processes of one API key share, and who is renewing it."""

    host = models.CharField(max_length=200)
    client_id = models.CharField(max_length=200)
    token = EncryptedTextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    refreshing_by = models.CharField(max_length=36, blank=True, default="")
    refreshing_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("host", "client_id", name="one_token_per_key")]

    def __str__(self) -> str:
        return f"token for {self.host}"


class RequestBudget(models.Model):
    """When the next call of one API key may go (integrations/transport/rate_limit.py)."""

    host = models.CharField(max_length=200, help_text="with a path when a path counts on its own")
    client_id = models.CharField(max_length=200, blank=True, default="")
    next_at = models.DateTimeField(null=True, blank=True)
    blocked_until = models.DateTimeField(
        null=True, blank=True, help_text="the vendor asked for a pause"
    )
    bulk_next_at = models.DateTimeField(
        null=True, blank=True, help_text="when the next call of a backfill or comparison may go"
    )
    # Of the day (GMT): what we sent, and what the vendor's headers said.
    spent_on = models.DateField(null=True, blank=True)
    spent = models.PositiveIntegerField(default=0)
    quota_limit = models.PositiveIntegerField(null=True, blank=True)
    quota_remaining = models.PositiveIntegerField(null=True, blank=True)
    quota_seen_at = models.DateTimeField(null=True, blank=True)
    quota_spent = models.BooleanField(
        default=False, help_text="blocked because the day's calls are used up"
    )

    class Meta:
        constraints = [models.UniqueConstraint("host", "client_id", name="one_budget_per_key")]

    def __str__(self) -> str:
        return f"budget for {self.host}"
