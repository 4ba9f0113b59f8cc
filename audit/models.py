"""One append-only trail for decisions, effects, configuration and reading of patient data.

Text references instead of foreign keys: the trail never blocks a delete, and outlives what it
names. It is for investigation only; no behaviour may read it.
"""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from audit.context import SYSTEM, USER


class AuditIsAppendOnly(RuntimeError):
    """Somebody tried to change or remove an audit event."""

    def __init__(self) -> None:
        super().__init__("Audit events are written once; they cannot be changed or removed.")


class AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    """The first refusal. Database triggers are the second, for whoever goes around the ORM."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AuditIsAppendOnly

    def delete(self) -> NoReturn:
        raise AuditIsAppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AuditIsAppendOnly

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise AuditIsAppendOnly


class AuditEvent(models.Model):
    class ActorKind(models.TextChoices):
        PERSON = USER, "Person"
        PROCESS = SYSTEM, "Kept itself"

    practice = models.CharField(
        max_length=64, blank=True, help_text="Empty for what belongs to no practice, as a sign-in."
    )
    at = models.DateTimeField(default=timezone.now, verbose_name="when")
    actor_kind = models.CharField(
        max_length=6, choices=ActorKind.choices, verbose_name="person or Kept"
    )
    actor = models.CharField(max_length=150, verbose_name="who")
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=40, blank=True, verbose_name="what kind of thing")
    subject_id = models.CharField(max_length=64, blank=True, verbose_name="which one")
    appointment_id = models.CharField(max_length=64, blank=True, verbose_name="appointment number")
    patient_id = models.CharField(max_length=64, blank=True, verbose_name="patient number")
    request_id = models.CharField(max_length=64, blank=True)
    source_ip = models.GenericIPAddressField(null=True, blank=True, verbose_name="from address")
    detail = models.JSONField(default=dict, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = "audit event"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(actor=""), name="audit_event_always_names_its_actor"
            ),
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=(USER, SYSTEM)),
                name="audit_event_actor_is_a_person_or_kept",
            ),
        )
        # One index for each question of an investigator: day, person, appointment, patient, action.
        indexes = (
            models.Index(fields=("practice", "at"), name="audit_by_day"),
            models.Index(fields=("actor", "at"), name="audit_by_person"),
            models.Index(fields=("appointment_id", "at"), name="audit_by_appointment"),
            models.Index(fields=("patient_id", "at"), name="audit_by_patient"),
            models.Index(fields=("action", "at"), name="audit_by_action"),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AuditIsAppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AuditIsAppendOnly
