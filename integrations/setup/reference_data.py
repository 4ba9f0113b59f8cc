"""The reference data of both vendors, brought up to date in our tables. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from campaigns.domain.values import System
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
from campaigns.models.practice import IN_FORCE
from campaigns.ports import Guard
from campaigns.practices.console_changes import time_zone_changed
from campaigns.vendor_records import CampaignRecord
from integrations.connections import registry
from integrations.drift.observe import shape
from integrations.drift.store import recording_drift
from integrations.models import Connection
from integrations.vendors import ChartFace, ChartLists, EngagementFace, face_of


def refresh(practice: Practice, guard: Guard) -> None:
    """Read the lists of both vendors anew: a campaign that was switched off, a new provider."""
    for system in IN_FORCE:
        load(registry.find_open(practice.external_id, system), guard)


def load(connection: Connection, guard: Guard) -> dict[str, int]:
    """Read the lists of one vendor and store them; how long each is."""
    practice, face = connection.practice, face_of(connection.vendor)
    with recording_drift(practice.external_id):
        if isinstance(face, ChartFace):
            return _store_lists(practice, face.lists(connection, guard))
        assert isinstance(face, EngagementFace)
        return store_campaigns(practice, face.campaigns(connection, guard))


def _store_lists(practice: Practice, lists: ChartLists) -> dict[str, int]:
    return {
        "departments": _departments(practice, lists.departments),
        "providers": _upsert(Provider, practice, lists.providers, ("is_person",)),
        "appointment_types": _upsert(
            AppointmentType, practice, lists.appointment_types, ("public_name",)
        ),
        "cancel_reasons": _upsert(
            ChartCancelReason,
            practice,
            lists.cancel_reasons,
            ("no_show", "patient_rescheduled", "provider_unavailable", "frees_slot"),
        ),
        "confirmation_statuses": _upsert(
            ConfirmationStatus, practice, lists.confirmation_statuses, ("meaning",)
        ),
    }


def store_campaigns(practice: Practice, library: Sequence[CampaignRecord]) -> dict[str, int]:
    """The campaign library; a campaign that is gone from it is inactive, not deleted.

    Where the library differs in what decisions depend on, looks become due at every visit ahead.
    """
    before = _decisive(practice)
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


def _departments(practice: Practice, listed: Iterable[Any]) -> int:
    """A zone that staff set by hand is never overwritten."""
    records = _storable(practice, Department, listed)
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
    stored = _storable(practice, model, records)
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


def _storable(practice: Practice, model: type[models.Model], records: Iterable[Any]) -> list[Any]:
    """Without those whose id no column holds: they are told, and the rest of the list counts."""
    found = []
    for record in records:
        if fitting(model, "external_id", record.external_id) == record.external_id:
            found.append(record)
        else:
            vendor = practice.vendor_of(System.ENGAGEMENT if model is Campaign else System.CHART)
            shape(vendor, f"{model._meta.verbose_name} id", record.external_id)
    return found
