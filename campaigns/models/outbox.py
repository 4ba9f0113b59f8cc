"""The outbox: every effect on the outside world is a row before it is a request."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.domain.effects import PATIENT_KINDS, SYSTEM_OF
from campaigns.domain.values import (
    IN_FLIGHT,
    EffectKind,
    EffectStatus,
    OutcomeKind,
    System,
)
from campaigns.encryption import EncryptedJSONField
from campaigns.models.appointment import ROUTINE, Appointment
from campaigns.models.enrollment import Enrollment
from campaigns.models.patient import Patient
from campaigns.models.practice import Practice, choices, vendors
from campaigns.models.response import Response

_FLYING = Q(status__in=sorted(IN_FLIGHT))


class Effect(models.Model):
    """One thing to do or to ask. `key` is its identity at the vendor; the body is frozen with it.

    A queued effect was certainly not done and may be superseded; an unknown one may have been
    done and is asked about before it is repeated; a parked one is unknown and waits for a person.
    """

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="effects")
    kind = models.CharField(max_length=20, choices=choices(EffectKind))
    vendor = models.CharField(max_length=12, choices=vendors)
    patient = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="effects"
    )
    appointment = models.ForeignKey(
        Appointment, null=True, on_delete=models.PROTECT, related_name="effects"
    )
    enrollment = models.ForeignKey(
        Enrollment, null=True, on_delete=models.PROTECT, related_name="effects"
    )
    response = models.ForeignKey(
        Response, null=True, on_delete=models.PROTECT, related_name="effects"
    )
    key = models.CharField(max_length=160)
    purpose = models.CharField(max_length=40, blank=True, default="")
    priority = models.PositiveSmallIntegerField(
        default=ROUTINE, help_text="that of the look that asked for it"
    )
    body = EncryptedJSONField(default=dict)
    basis = models.JSONField(default=dict)
    status = models.CharField(
        max_length=10, choices=choices(EffectStatus), default=EffectStatus.QUEUED
    )
    code = models.CharField(max_length=60, blank=True, default="")
    sentence = models.CharField(max_length=300, blank=True, default="")
    unknown_since = models.DateTimeField(
        null=True, help_text="an attempt may have been done; sticky until that is settled"
    )
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    first_attempt_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("practice", "key", name="one_effect_per_key"),
            # At most one effect in flight per vendor and subject.
            models.UniqueConstraint(
                "vendor",
                "appointment",
                condition=_FLYING & Q(appointment__isnull=False),
                name="one_in_flight_per_vendor_and_appointment",
            ),
            models.UniqueConstraint(
                "vendor",
                "patient",
                condition=_FLYING & Q(appointment__isnull=True),
                name="one_in_flight_per_vendor_and_patient",
            ),
            models.CheckConstraint(
                name="a_claimed_effect_has_a_lease",
                condition=Q(status=EffectStatus.CLAIMED, lease_until__isnull=False)
                & ~Q(lease_token="")
                | ~Q(status=EffectStatus.CLAIMED) & Q(lease_until__isnull=True, lease_token=""),
            ),
            models.CheckConstraint(
                name="only_waiting_effects_have_a_next_attempt",
                condition=Q(status__in=[EffectStatus.QUEUED, EffectStatus.UNKNOWN])
                & Q(next_attempt_at__isnull=False)
                | ~Q(status__in=[EffectStatus.QUEUED, EffectStatus.UNKNOWN])
                & Q(next_attempt_at__isnull=True),
            ),
            models.CheckConstraint(
                name="a_patient_effect_names_no_appointment",
                condition=Q(kind__in=sorted(PATIENT_KINDS), appointment__isnull=True)
                | ~Q(kind__in=sorted(PATIENT_KINDS)),
            ),
        ]
        indexes = [
            # The sweeper's question: what may be attempted now.
            models.Index(
                "next_attempt_at", condition=Q(next_attempt_at__isnull=False), name="effect_due"
            ),
            models.Index(
                "lease_until", condition=Q(lease_until__isnull=False), name="effect_lease_expired"
            ),
            models.Index("practice", "status", "kind", name="effect_backlog"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def system(self) -> System:
        """What it is sent to."""
        return SYSTEM_OF[EffectKind(self.kind)]

    @property
    def maybe_done(self) -> bool:
        """Whether the vendor has to be asked about it before it is repeated."""
        return self.unknown_since is not None


class Attempt(models.Model):
    """One try at an effect. An attempt that never ended was cut off with its process."""

    effect = models.ForeignKey(Effect, on_delete=models.CASCADE, related_name="tries")
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, blank=True, default="", choices=choices(OutcomeKind))
    code = models.CharField(max_length=60, blank=True, default="")
    sentence = models.CharField(max_length=300, blank=True, default="")
    http_status = models.PositiveIntegerField(null=True)
    request_id = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("effect", "number", name="one_attempt_per_number")]

    def __str__(self) -> str:
        return f"attempt {self.number} of effect {self.effect_id}"
