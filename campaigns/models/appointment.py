"""An appointment: what the chart last said, its coverage, and when to look again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.address_digest import LENGTH
from campaigns.domain.coverage import LEDGER, Code, State
from campaigns.domain.values import AppointmentStatus, Channel, Confirmation, Modality, Risk
from campaigns.encryption import EncryptedJSONField, EncryptedTextField
from campaigns.models.patient import Patient
from campaigns.models.practice import Practice, choices

# Priorities of looks and of what they ask for: a patient or a person first, bulk work last.
PROMPT, ROUTINE, BULK = 0, 5, 9


class Appointment(models.Model):
    """One appointment of athenahealth, by its id, in Kept's words.

    `starts_at` is UTC and empty while the department's zone is unknown; `local_start` is naive
    department time written as if UTC, kept because it is what the chart says.
    `version` counts the changes that were seen. `sms_digest` and its like find the visits that
    are written to at a number or an address (address_digest.py), as of the last look.
    """

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="appointments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    external_id = models.CharField("athenahealth appointment id", max_length=40)
    status = models.CharField(max_length=12, choices=choices(AppointmentStatus))
    local_start = models.DateTimeField()
    starts_at = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=60, blank=True, default="")
    duration_minutes = models.PositiveIntegerField(null=True)
    department_external_id = models.CharField(max_length=40)
    provider_external_ids = models.JSONField(default=list)
    type_external_id = models.CharField(max_length=40)
    type_name = models.CharField(max_length=160)
    public_type_name = models.CharField(max_length=160, blank=True, default="")
    telehealth = models.BooleanField(null=True)
    confirmation = models.CharField(
        max_length=24, blank=True, default="", choices=choices(Confirmation)
    )
    confirmation_external_id = models.CharField(max_length=40, blank=True, default="")
    secondary = models.BooleanField(default=False)
    replaced_by = models.CharField(max_length=40, blank=True, default="")
    cancel_reason_external_id = models.CharField(max_length=40, blank=True, default="")
    cancelled_by = models.CharField(max_length=80, blank=True, default="")
    scheduled_at = models.DateTimeField(null=True)
    scheduled_by = models.CharField(max_length=80, blank=True, default="")
    notes = EncryptedJSONField(null=True)
    join_url = EncryptedTextField(
        "link to the video visit", blank=True, default="", help_text="good on the day only"
    )
    join_read_at = models.DateTimeField(null=True, blank=True)
    read_began = models.DateTimeField()
    read_ended = models.DateTimeField()
    reread_wanted = models.BooleanField(default=False)
    unreadable = models.CharField(
        max_length=60, blank=True, default="", help_text="what of the row could not be read lately"
    )
    unreadable_since = models.DateTimeField(
        null=True, help_text="when that was so last; kept once it can be read again"
    )
    unreadable_twice = models.BooleanField(
        default=False, help_text="the row was read again, and still could not be understood"
    )
    not_found_at = models.DateTimeField(
        null=True, help_text="when athenahealth first said that there is no such visit; then read"
    )
    first_seen_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    coverage_state = models.CharField(max_length=8, choices=choices(State), default=State.PENDING)
    coverage_code = models.CharField(
        max_length=24, choices=choices(Code), default=Code.AWAITING_PATIENT
    )
    route_modality = models.CharField(
        max_length=12, blank=True, default="", choices=choices(Modality)
    )
    route_risk = models.CharField(max_length=8, blank=True, default="", choices=choices(Risk))
    route_language = models.CharField(max_length=20, blank=True, default="")
    route_campaign = models.CharField(max_length=80, blank=True, default="")
    sms_digest = models.CharField(max_length=LENGTH, blank=True, default="")
    email_digest = models.CharField(max_length=LENGTH, blank=True, default="")
    voice_digest = models.CharField(max_length=LENGTH, blank=True, default="")
    look_due_at = models.DateTimeField(null=True)
    look_priority = models.PositiveSmallIntegerField(default=ROUTINE)
    # Until a look succeeds again: since when none does by a fault of ours, and the names of the
    # keys (encryption.py) that could not open what it needs, if that was it.
    look_failed_at = models.DateTimeField(null=True, blank=True)
    look_failed_keys = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_appointment_per_id"),
            models.CheckConstraint(
                name="a_coverage_code_is_in_its_state",
                condition=models.Q(
                    *[
                        Q(coverage_state=entry.state, coverage_code=code)
                        for code, entry in LEDGER.items()
                    ],
                    _connector=Q.OR,
                ),
            ),
            models.CheckConstraint(
                name="an_appointment_read_began_before_it_ended",
                condition=Q(read_began__lte=models.F("read_ended")),
            ),
        ]
        indexes = [
            # The sweeper's question: what is due, the most urgent and oldest first.
            models.Index(
                "look_priority",
                "look_due_at",
                condition=Q(look_due_at__isnull=False),
                name="look_due",
            ),
            # Those that are put off because a look failed.
            models.Index(
                "practice",
                condition=Q(look_failed_at__isnull=False),
                name="look_failed",
            ),
            # The work list's question: a practice's visits of the next hours.
            models.Index("practice", "starts_at", name="appointment_upcoming"),
            # Coverage by type, and the effect of a rule change.
            models.Index(
                "practice",
                "type_external_id",
                "route_modality",
                "route_risk",
                "route_language",
                name="appointment_route",
            ),
            models.Index("practice", "coverage_state", "coverage_code", name="coverage_ledger"),
            # Who else is written to at a number or an address.
            *(
                models.Index(
                    "practice",
                    f"{channel}_digest",
                    condition=~Q(**{f"{channel}_digest": ""}),
                    name=f"appointment_{channel}",
                )
                for channel in Channel
            ),
            # Whom this appointment replaced.
            models.Index(
                "practice", "replaced_by", condition=~Q(replaced_by=""), name="appointment_lineage"
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.external_id}"
