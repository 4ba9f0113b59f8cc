"""A response: what a patient answered, or what the desk heard on the phone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.domain.values import ReplyKind, ReplyOutcome
from campaigns.encryption import EncryptedTextField
from campaigns.models.appointment import Appointment
from campaigns.models.patient import Patient
from campaigns.models.practice import Practice, choices


class Response(models.Model):
    """One answer about one appointment. Every response ends with exactly one outcome."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="responses")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="responses")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="responses")
    event_id = models.CharField(max_length=120)
    seq = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=24, choices=choices(ReplyKind))
    channel = models.CharField(max_length=5, blank=True, default="")
    told_starts_at = models.DateTimeField(null=True)
    raw_text = EncryptedTextField(blank=True, default="")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(
        max_length=10, choices=choices(ReplyOutcome), default=ReplyOutcome.PENDING
    )
    outcome_sentence = models.CharField(max_length=300, blank=True, default="")
    settled_at = models.DateTimeField(null=True)
    # These columns are filled for calls that the desk made, and for nothing else.
    note = EncryptedTextField(blank=True, default="")
    hold_until = models.DateTimeField(
        null=True, help_text="may be taken back until then; nothing is sent before"
    )
    again_at = models.DateTimeField(null=True, help_text="off the work list until then")
    cancel_reason_external_id = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering = ["-occurred_at", "-seq"]
        constraints = [
            models.UniqueConstraint("practice", "event_id", name="one_response_per_event"),
            models.CheckConstraint(
                name="a_settled_response_says_when",
                condition=Q(outcome=ReplyOutcome.PENDING, settled_at__isnull=True)
                | ~Q(outcome=ReplyOutcome.PENDING) & Q(settled_at__isnull=False),
            ),
        ]
        indexes = [models.Index("appointment", "occurred_at", name="response_of_appointment")]

    def __str__(self) -> str:
        return f"{self.kind} about appointment {self.appointment_id}"

    @property
    def by_staff(self) -> bool:
        """Whether the desk recorded it, rather than the patient having sent it."""
        return self.channel == ""
