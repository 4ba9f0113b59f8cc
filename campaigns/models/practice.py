"""A practice and its settings, and the reference data that athenahealth keeps for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from enum import StrEnum
from functools import partial

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import cached_property

from campaigns.domain.values import Confirmation, Modality, OnCancel, System, Vendor


def choices(enum: type[StrEnum]) -> Callable[[], list[tuple[str, str]]]:
    """An enumeration of the domain as the choices of a column.

    Asked for when they are needed, so that a new member needs no migration.
    """
    return partial(in_words, enum)


def in_words(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """Each member of an enumeration, and its word. Named by migrations."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]


def vendors() -> list[tuple[str, str]]:
    """Every vendor by the name people know. A function, so that another needs no migration."""
    return [(vendor.value, vendor.label) for vendor in Vendor]


# Of majority. 19 in Alabama and Nebraska, 18 in most states.
_AN_AGE = [MinValueValidator(12), MaxValueValidator(25)]
# The column of a practice that says which vendor runs a system.
IN_FORCE = {System.CHART: "chart_vendor", System.ENGAGEMENT: "engagement_vendor"}


class Practice(models.Model):
    """One practice. Its settings are columns, so that the database and the console check them."""

    external_id = models.CharField("athenahealth practice id", max_length=40, unique=True)
    name = models.CharField(max_length=120)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The vendors in force; each has a connection (integrations/models/connection.py).
    chart_vendor = models.CharField(
        max_length=12, default=Vendor.ATHENAHEALTH.value, choices=vendors, editable=False
    )
    engagement_vendor = models.CharField(
        max_length=12, default=Vendor.RELATIENT.value, choices=vendors, editable=False
    )

    poll_minutes = models.FloatField(default=15, validators=[MinValueValidator(0.05)])
    retry_minutes = models.FloatField(default=5, validators=[MinValueValidator(0.05)])
    alert_after_hours = models.FloatField(default=4, validators=[MinValueValidator(0.01)])
    unconfirmed_hours = models.PositiveIntegerField(default=72)
    too_late_hours = models.PositiveIntegerField(default=2)
    risk_window_days = models.PositiveIntegerField(default=180)
    risk_threshold = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    age_of_majority = models.PositiveIntegerField(default=18, validators=_AN_AGE)
    language = models.CharField(max_length=20, default="en", help_text="BCP-47, such as en or es")
    time_zone = models.CharField(max_length=60, default="America/New_York")
    landline_calls_ok = models.BooleanField(default=False)
    no_address_words = models.CharField(max_length=400, blank=True, default="")
    telehealth_link_required = models.BooleanField(default=False)
    several_providers = models.CharField(
        max_length=10, default="first", choices=[("first", "first"), ("general", "general")]
    )
    general_campaign = models.CharField(max_length=80, blank=True, default="")
    general_provider = models.CharField(max_length=40, blank=True, default="")
    on_cancel = models.CharField(max_length=4, default=OnCancel.AUTO, choices=choices(OnCancel))
    cancel_reason_id = models.CharField(max_length=40, blank=True, default="")
    desk_task = models.CharField(
        max_length=20,
        default="patient_case",
        choices=[("patient_case", "patient case"), ("schedule_note", "schedule note")],
    )
    waitlist_phone = models.CharField(max_length=20, blank=True, default="")
    waitlist_notice_hours = models.PositiveIntegerField(default=2)
    alert_emails = models.CharField(max_length=500, blank=True, default="")
    send_window_email_start = models.TimeField(default=time(9))
    send_window_email_end = models.TimeField(default=time(21))
    send_window_sms_start = models.TimeField(default=time(9))
    send_window_sms_end = models.TimeField(default=time(21))
    send_window_voice_start = models.TimeField(default=time(10))
    send_window_voice_end = models.TimeField(default=time(20))
    hold_share = models.FloatField(
        default=0.5, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    athena_requests_per_second = models.FloatField(default=5, validators=[MinValueValidator(0.1)])
    relatient_requests_per_second = models.FloatField(
        default=10, validators=[MinValueValidator(0.1)]
    )
    athena_requests_per_day = models.PositiveIntegerField(
        default=0, help_text="0: as many as athenahealth's own headers say"
    )
    folder_days = models.PositiveIntegerField(default=7, validators=[MinValueValidator(1)])
    retry_base_seconds = models.FloatField(default=30, validators=[MinValueValidator(0.01)])
    effect_lease_seconds = models.FloatField(default=120, validators=[MinValueValidator(5)])

    def __str__(self) -> str:
        return f"{self.name} ({self.external_id})"

    def vendor_of(self, system: System) -> Vendor:
        """Who runs a system for this practice; mail is Kept's own."""
        return Vendor(getattr(self, IN_FORCE[system]) if system in IN_FORCE else system)

    def systems_of(self, vendor: str) -> list[System]:
        """The systems that a vendor runs for this practice at present."""
        return [system for system in IN_FORCE if self.vendor_of(system) == vendor]

    def majority_at(self, department: str) -> int:
        """The age of majority at a department, by athenahealth's id."""
        return self.majorities.get(department, self.age_of_majority)

    @property
    def ages_of_majority(self) -> tuple[int, ...]:
        """Those in force at the practice or at one of its departments, the lowest first."""
        return tuple(sorted({self.age_of_majority, *self.majorities.values()}))

    @cached_property
    def majorities(self) -> dict[str, int]:
        """The ages of the departments that have one of their own."""
        rows = Department.objects.filter(practice=self, age_of_majority__isnull=False)
        return {row.external_id: row.age_of_majority or 0 for row in rows}

    def alert_addresses(self) -> list[str]:
        """Where alerts are mailed; empty when nobody is named."""
        return [address.strip() for address in self.alert_emails.split(",") if address.strip()]


class Reference(models.Model):
    """What all reference rows share: the practice, the vendor's id, a name."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=40)
    name = models.CharField(max_length=160)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Department(Reference):
    """A department; its zone decides what a local start time means."""

    public_name = models.CharField(max_length=160, blank=True, default="")
    phone = models.CharField(max_length=30, blank=True, default="")
    time_zone = models.CharField(
        max_length=60, blank=True, default="", help_text="IANA name; empty while unknown"
    )
    time_zone_set_by_hand = models.BooleanField(default=False)
    age_of_majority = models.PositiveIntegerField(
        null=True, blank=True, validators=_AN_AGE, help_text="empty: as the practice's setting"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_department_per_id")
        ]


class Provider(Reference):
    """A provider or a resource that is booked like one."""

    is_person = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_provider_per_id")
        ]


class AppointmentType(Reference):
    """A kind of visit, with what staff decide about it."""

    public_name = models.CharField(max_length=160, blank=True, default="")
    modality = models.CharField(
        max_length=12, default=Modality.IN_PERSON, choices=choices(Modality)
    )
    confidential = models.BooleanField(default=False)
    on_cancel = models.CharField(
        max_length=4,
        blank=True,
        default="",
        choices=choices(OnCancel),
        help_text="empty: as the practice's setting",
    )
    visit_value = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("practice", "external_id", name="one_type_per_id")]


class ChartCancelReason(Reference):
    """A cancel reason of the practice in athenahealth; negative ids are the system's."""

    no_show = models.BooleanField(default=False)
    patient_rescheduled = models.BooleanField(default=False)
    provider_unavailable = models.BooleanField(default=False)
    frees_slot = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_cancel_reason_per_id")
        ]


class ConfirmationStatus(Reference):
    """A confirmation status of athenahealth, with its meaning, found by name."""

    meaning = models.CharField(
        max_length=24, default=Confirmation.OTHER, choices=choices(Confirmation)
    )

    class Meta:
        ordering = ["external_id"]
        verbose_name_plural = "confirmation statuses"
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_confirmation_per_id")
        ]


class Campaign(Reference):
    """A campaign of Relatient's library."""

    language = models.CharField(max_length=20, default="en")
    modality = models.CharField(max_length=12, default="any")
    intensity = models.CharField(max_length=10, default="standard")
    channels = models.JSONField(default=list, help_text="in the order in which the steps use them")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_campaign_per_id")
        ]
