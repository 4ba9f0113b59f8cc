"""The reference data of both vendors, brought up to date in our tables. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models

from campaigns.domain.values import Vendor
from campaigns.intake.appointment_columns import fitting
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.models import (
    AppointmentType,
    Campaign,
    ChartCancelReason,
    ConfirmationStatus,
    Department,
    Practice,
    Provider,
)
from campaigns.ports import Deadline, Guard
from campaigns.practices.console_changes import time_zone_changed
from integrations.athenahealth import reference as athena
from integrations.athenahealth.client import AthenaClient
from integrations.athenahealth.client import client_for as athena_client
from integrations.connections import registry
from integrations.drift.observe import shape
from integrations.drift.store import recording_drift
from integrations.relatient import feed as relatient
from integrations.relatient.client import RelatientClient
from integrations.relatient.gateway import client_for as relatient_client

# For one list of a vendor; each call has a deadline of its own below it.
CALL_SECONDS = 60


def refresh(practice: Practice, guard: Guard) -> None:
    """Read the lists of both vendors anew: a campaign that was switched off, a new provider."""
    athenahealth = registry.find_open(practice.external_id, Vendor.ATHENAHEALTH)
    engagement = registry.find_open(practice.external_id, Vendor.RELATIENT)

    def client() -> AthenaClient:
        return athena_client(athenahealth, deadline=Deadline.after(CALL_SECONDS), guard=guard)

    with recording_drift(practice.external_id):
        load_athenahealth(practice, client)
        deadline = Deadline.after(CALL_SECONDS)
        load_relatient(practice, relatient_client(engagement, deadline=deadline, guard=guard))


def load_athenahealth(practice: Practice, client: Callable[[], AthenaClient]) -> dict[str, int]:
    """Departments, providers, types, cancel reasons and confirmation statuses."""
    return {
        "departments": _departments(
            practice, [athena.department(row) for row in client().departments()]
        ),
        "providers": _upsert(
            Provider,
            practice,
            (athena.provider(row) for row in client().providers()),
            ("is_person",),
        ),
        "appointment_types": _upsert(
            AppointmentType,
            practice,
            (athena.appointment_type(row) for row in client().appointment_types()),
            ("public_name",),
        ),
        "cancel_reasons": _upsert(
            ChartCancelReason,
            practice,
            (athena.cancel_reason(row) for row in client().cancel_reasons()),
            ("no_show", "patient_rescheduled", "provider_unavailable", "frees_slot"),
        ),
        "confirmation_statuses": _upsert(
            ConfirmationStatus,
            practice,
            (athena.confirmation(row) for row in client().confirmation_statuses()),
            ("meaning",),
        ),
    }


def load_relatient(practice: Practice, client: RelatientClient) -> dict[str, int]:
    """The campaign library; a campaign that is gone from it is inactive, not deleted.

    Where the library differs in what decisions depend on, looks become due at every visit ahead.
    """
    before = _decisive(practice)
    library = relatient.campaign_library(client)
    fields = ("language", "modality", "intensity", "active")
    count = _upsert(Campaign, practice, library, fields)
    for record in library:
        Campaign.objects.filter(practice=practice, external_id=record.external_id).update(
            channels=[channel.value for channel in record.channels]
        )
    gone = Campaign.objects.filter(practice=practice).exclude(
        external_id__in=[record.external_id for record in library]
    )
    gone.update(active=False)
    if _decisive(practice) != before:
        schedule_upcoming_looks(practice)
    return {"campaigns": count}


def _decisive(practice: Practice) -> list[Any]:
    """The columns of the campaigns on which decisions depend."""
    rows = Campaign.objects.filter(practice=practice).order_by("external_id")
    return list(rows.values_list("external_id", "active", "modality", "language", "channels"))


def _departments(practice: Practice, records: list[Any]) -> int:
    """A zone that staff set by hand is never overwritten."""
    records = _storable(Department, records)
    for record in records:
        row, _ = Department.objects.update_or_create(
            practice=practice,
            external_id=record.external_id,
            defaults={
                name: fitting(Department, name, getattr(record, name))
                for name in ("name", "public_name", "phone")
            },
        )
        if not row.time_zone_set_by_hand and row.time_zone != record.time_zone:
            row.time_zone = record.time_zone
            time_zone_changed(row)
    return len(records)


def _upsert(
    model: type[models.Model], practice: Practice, records: Iterable[Any], fields: Iterable[str]
) -> int:
    stored = _storable(model, records)
    for record in stored:
        values = {name: getattr(record, name) for name in fields}
        values["name"] = record.name or record.external_id
        model._default_manager.update_or_create(
            practice=practice,
            external_id=record.external_id,
            defaults={
                name: fitting(model, name, value) if isinstance(value, str) else value
                for name, value in values.items()
            },
        )
    return len(stored)


def _storable(model: type[models.Model], records: Iterable[Any]) -> list[Any]:
    """Without those whose id no column holds: they are told, and the rest of the list counts."""
    found = []
    for record in records:
        if fitting(model, "external_id", record.external_id) == record.external_id:
            found.append(record)
        else:
            shape(Vendor.ATHENAHEALTH, f"{model._meta.verbose_name} id", record.external_id)
    return found
