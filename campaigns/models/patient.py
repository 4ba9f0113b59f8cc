"""A patient as athenahealth last described them, and their consents."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from pydantic import TypeAdapter

from campaigns.address_digest import LENGTH
from campaigns.domain.effects import PatientBody
from campaigns.domain.patient_names import chart_name, preferred_name
from campaigns.domain.values import Channel
from campaigns.encryption import EncryptedJSONField, EncryptedTextField
from campaigns.models.practice import Practice, choices
from campaigns.vendor_records import PatientRecord

_RECORD = TypeAdapter(PatientRecord)


class Patient(models.Model):
    """One patient of a practice. A stub until `read_ended` is set.

    `record` holds the PatientRecord as JSON, encrypted; names are kept beside it only for the
    work list's display and are encrypted too, so nothing here can be searched in the clear.
    """

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="patients")
    external_id = models.CharField("athenahealth patient id", max_length=40)
    record = EncryptedJSONField(null=True)
    name = EncryptedTextField(blank=True, default="")
    active = models.BooleanField(default=True)
    read_began = models.DateTimeField(null=True)
    read_ended = models.DateTimeField(null=True)
    reread_wanted = models.BooleanField(
        default=False, help_text="two reads overlapped, so one more is owed"
    )
    history_began = models.DateTimeField(null=True)
    history_ended = models.DateTimeField(null=True)
    relatient_id = models.CharField(max_length=80, blank=True, default="")
    relatient_holds = EncryptedJSONField(null=True)
    told_consents = models.JSONField(
        default=dict,
        help_text="what Kept last had Relatient record, by channel: state, and when (ISO-8601)",
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    # Since when, what went to the survivor, and when the chart last showed this one by itself.
    merged_at = models.DateTimeField(null=True)
    merged_rows = models.JSONField(default=dict)
    seen_apart_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("practice", "external_id", name="one_patient_per_id"),
            models.CheckConstraint(
                name="a_patient_read_began_before_it_ended",
                condition=Q(read_ended__isnull=True) | Q(read_began__lte=models.F("read_ended")),
            ),
        ]

    def __str__(self) -> str:
        return f"patient {self.external_id}"

    @property
    def relatient_state(self) -> PatientBody | None:
        """The patient as Relatient last confirmed them (column `relatient_holds`)."""
        return self.relatient_holds

    @property
    def described(self) -> PatientRecord:
        """The record as last read; a bare id while it was not read yet."""
        if self.record is None:
            return PatientRecord(self.external_id)
        return _RECORD.validate_python(self.record)

    @property
    def both_names(self) -> str:
        """The chart's name, with the one that the patient prefers; empty while not read yet."""
        preferred = preferred_name(self.described)
        return f"{self.name} (goes by {preferred})" if preferred else self.name

    def describe(self, record: PatientRecord) -> Self:
        """Take over what the chart says now; the caller saves."""
        self.record = as_json(record)
        self.name = chart_name(record)
        self.active = record.active
        return self


def as_json(record: PatientRecord) -> dict[str, Any]:
    """A patient's record as it is stored and compared."""
    document: dict[str, Any] = _RECORD.dump_python(record, mode="json")
    return document


class ConsentEvent(models.Model):
    """What was said of one channel, of which patient, from which number or address, and when.

    `reach` is that number (E.164) or address, empty where nobody knows it; `reach_digest` finds it
    (address_digest.py). The newest word from a number counts for whoever is written to there
    (domain/consents.py).
    """

    audit_kind = "consent"

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=5, choices=choices(Channel))
    state = models.CharField(
        max_length=9, choices=[("opted_in", "opted in"), ("opted_out", "opted out")]
    )
    source = models.CharField(max_length=80)
    event_id = models.CharField(max_length=120)
    seq = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    reach = EncryptedTextField(blank=True, default="")
    reach_digest = models.CharField(max_length=LENGTH, blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint("practice", "event_id", name="one_consent_per_event")
        ]
        indexes = [
            models.Index("patient", "channel", models.F("at").desc(), name="consent_newest"),
            # What was said at a number or an address, whoever it was about.
            models.Index("practice", "reach_digest", name="consent_reach"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
