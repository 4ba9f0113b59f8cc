"""A practice with types and a library, and how a command's answer is read."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from campaigns.models import Appointment, AppointmentType, Campaign, Patient, Practice


def a_practice(external_id: str) -> Practice:
    practice = Practice.objects.create(external_id=external_id, name="Practice")
    for type_id in ("82", "91"):
        AppointmentType.objects.create(practice=practice, external_id=type_id, name="Visit")
    for campaign in ("cmp_en", "cmp_en_high", "cmp_video"):
        Campaign.objects.create(
            practice=practice, external_id=campaign, name=campaign, channels=["sms"]
        )
    return practice


def an_appointment(practice: Practice, external_id: str = "1001", **columns: Any) -> Appointment:
    now = timezone.now()
    patient, _ = Patient.objects.get_or_create(
        practice=practice, external_id="55", defaults={"name": "Rosalind Quimby"}
    )
    defaults = {
        "status": "scheduled",
        "starts_at": now + timedelta(days=3),
        "local_start": now + timedelta(days=3),
        "department_external_id": "1",
        "type_external_id": "82",
        "type_name": "Visit",
        "read_began": now,
        "read_ended": now,
        "first_seen_at": now,
    }
    return Appointment.objects.create(
        practice=practice, patient=patient, external_id=external_id, **{**defaults, **columns}
    )


def answered(*arguments: str) -> tuple[dict[str, Any], int]:
    """The JSON object of a command, and its exit status."""
    out, status = io.StringIO(), 0
    try:
        call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    except CommandError as error:
        status = error.returncode
    return json.loads(out.getvalue()), status


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments, stdout=io.StringIO())
    assert refusal.value.returncode == 2
    return str(refusal.value)


def due(appointment: Appointment) -> bool:
    appointment.refresh_from_db()
    return appointment.look_due_at is not None
