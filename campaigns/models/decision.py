"""What was decided about an appointment, each time it differed from the time before."""

from __future__ import annotations

from django.db import models

from campaigns.domain.coverage import Code, State, sentence_of
from campaigns.models.appointment import Appointment
from campaigns.models.practice import Practice, choices


class DecisionRecord(models.Model):
    """One decision with the finding of each step. Findings hold codes, never contact data."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="decisions")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=choices(State))
    code = models.CharField(max_length=24, choices=choices(Code))
    campaign = models.CharField(max_length=80, blank=True, default="")
    findings = models.JSONField(default=list)
    effects = models.JSONField(default=list, help_text="the kinds of effects asked for")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index("appointment", models.F("at").desc(), name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.state}/{self.code} for appointment {self.appointment_id}"

    @property
    def sentence(self) -> str:
        """What a receptionist reads for the decision's code."""
        return sentence_of(Code(self.code))
