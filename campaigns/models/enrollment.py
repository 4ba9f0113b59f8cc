"""An enrollment: our account of one appointment's stay in one Relatient campaign."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.domain.effects import ReminderBody, VisitBody
from campaigns.domain.enrollment_states import LIVE
from campaigns.domain.values import CancelReason, EnrollmentStatus
from campaigns.encryption import EncryptedJSONField
from campaigns.models.appointment import Appointment
from campaigns.models.patient import Patient
from campaigns.models.practice import Practice, choices


class Enrollment(models.Model):
    """One enrollment. enrollments/status.py alone writes its status.

    `vendor_state` (column `holds`) is the ReminderBody that Relatient last confirmed,
    `last_announced` (column `told`) the VisitBody that the patient was last sent; where that and
    the present visit differ, a resend is owed. `route` is the kind of visit that the campaign was
    chosen for (ChoiceBasis.kind), `messaged_at` when Relatient first reported a message of it. A
    `surplus` one is active at Relatient beside the one that counts, and is to be ended.
    """

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="enrollments")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="enrollments"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="enrollments")
    generation = models.PositiveIntegerField()
    campaign = models.CharField(max_length=80)
    status = models.CharField(
        max_length=10, choices=choices(EnrollmentStatus), default=EnrollmentStatus.WANTED
    )
    vendor_id = models.CharField(max_length=80, blank=True, default="")
    starts_at = models.DateTimeField()
    lead_channel = models.CharField(max_length=5)
    holds = EncryptedJSONField(null=True)
    told = EncryptedJSONField(null=True)
    resend_dropped = models.BooleanField(default=False)
    read_began = models.DateTimeField(null=True)
    read_ended = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(
        max_length=24, blank=True, default="", choices=choices(CancelReason)
    )
    ended_elsewhere = models.BooleanField(default=False)
    route = models.JSONField(default=dict, blank=True)
    messaged_at = models.DateTimeField(null=True, blank=True)
    reread_wanted = models.BooleanField(
        default=False, help_text="what Relatient holds may have changed without our doing"
    )
    surplus = models.BooleanField(
        default=False, help_text="a second one at Relatient for the same visit"
    )

    class Meta:
        ordering = ["appointment", "-generation"]
        constraints = [
            models.UniqueConstraint(
                "appointment", "generation", name="one_enrollment_per_generation"
            ),
            # Invariant 1, as far as our side goes.
            models.UniqueConstraint(
                "appointment",
                condition=Q(status__in=sorted(LIVE), surplus=False),
                name="one_live_enrollment_per_appointment",
            ),
            models.UniqueConstraint(
                "practice",
                "vendor_id",
                condition=~Q(vendor_id=""),
                name="one_enrollment_per_vendor_id",
            ),
        ]

    def __str__(self) -> str:
        return f"enrollment {self.generation} of appointment {self.appointment_id}"

    @property
    def vendor_state(self) -> ReminderBody | None:
        """What Relatient last confirmed; None before it did."""
        return self.holds

    @vendor_state.setter
    def vendor_state(self, state: ReminderBody | None) -> None:
        self.holds = state

    @property
    def last_announced(self) -> VisitBody | None:
        """The details that the patient was last sent; None before the first message."""
        return self.told

    @last_announced.setter
    def last_announced(self, visit: VisitBody | None) -> None:
        self.told = visit
