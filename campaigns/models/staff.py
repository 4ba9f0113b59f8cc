"""Who works for which practice, and what they told Kept about an appointment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.domain.values import InstructionKind
from campaigns.models.practice import Practice, choices

FRONT_DESK = "Front desk"
CLINICAL_OPS = "Clinical ops"
ADMINS = "Admins"
ROLES = (FRONT_DESK, CLINICAL_OPS, ADMINS)


class Membership(models.Model):
    """A user belongs to a practice and sees nothing of any other."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint("user", "practice", name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user} at {self.practice}"


class StaffInstruction(models.Model):
    """An instruction for one appointment: active, and obeyed, until it is withdrawn."""

    audit_kind = "instruction"

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey(
        "campaigns.Appointment", on_delete=models.CASCADE, related_name="instructions"
    )
    kind = models.CharField(max_length=10, choices=choices(InstructionKind))
    campaign = models.CharField(
        max_length=80, blank=True, default="", help_text="only for an enrollment by hand"
    )
    reason = models.CharField(max_length=200)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-given_at"]
        constraints = [
            models.CheckConstraint(
                name="only_enrolling_by_hand_names_a_campaign",
                condition=Q(kind=InstructionKind.ENROLLED) & ~Q(campaign="")
                | ~Q(kind=InstructionKind.ENROLLED) & Q(campaign=""),
            )
        ]
        # The latest active instruction of an appointment, which every look asks for.
        indexes = [
            models.Index(
                "appointment",
                models.F("given_at").desc(),
                condition=Q(withdrawn_at__isnull=True),
                name="instruction_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} for appointment {self.appointment_id}"


class CallClaim(models.Model):
    """Somebody is calling about this visit just now, so that nobody else does."""

    appointment = models.OneToOneField(
        "campaigns.Appointment", on_delete=models.CASCADE, related_name="claim"
    )
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index("practice", "until", name="claim_standing")]

    def __str__(self) -> str:
        return f"claim of appointment {self.appointment_id}"
