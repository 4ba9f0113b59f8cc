"""What staff change in the console: stored, audited, and looked at again, in one transaction.

The caller has changed the row inside the same transaction (the console's is open while it saves).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from audit.recorder import record as audit
from campaigns.clock import database_now
from campaigns.domain.enrollment import LIVE
from campaigns.domain.values import AppointmentStatus
from campaigns.models import (
    BULK,
    Appointment,
    AppointmentType,
    CampaignRule,
    Department,
    Practice,
)
from campaigns.services.intake import starts_at

_CHUNK = 500


def rule_changed(rule: CampaignRule, what: str, columns: Iterable[str] = ()) -> None:
    """A campaign rule was `created`, `changed` or `deleted`; any visit may be meant by it."""
    with transaction.atomic():
        _say(f"rule.{what}", rule.practice, rule, rule=str(rule), columns=sorted(columns))
        look_again_in_bulk(Appointment.objects.filter(practice=rule.practice))


def type_changed(kind: AppointmentType, columns: Iterable[str]) -> None:
    """What staff decide about a kind of visit was changed."""
    with transaction.atomic():
        about = {"type_id": kind.external_id, "columns": sorted(columns)}
        _say("appointment_type.changed", kind.practice, kind, **about)
        look_again_in_bulk(
            Appointment.objects.filter(practice=kind.practice, type_external_id=kind.external_id)
        )


def practice_saved(practice: Practice, what: str, columns: Iterable[str]) -> None:
    """A practice was `created`, or its settings `changed`."""
    with transaction.atomic():
        _say(f"practice.{what}", practice, practice, columns=sorted(columns))
        look_again_in_bulk(Appointment.objects.filter(practice=practice))


def time_zone_set(department: Department) -> int:
    """A person said where a department is: what its visits' start times mean is known anew.

    Answers how many visits now start at another moment.
    """
    with transaction.atomic():
        department.time_zone_set_by_hand = True
        department.save(update_fields=["time_zone", "time_zone_set_by_hand"])
        visits = Appointment.objects.filter(
            practice=department.practice, department_external_id=department.external_id
        )
        moved = _restart(visits, department.time_zone)
        about = {"department_id": department.external_id, "time_zone": department.time_zone}
        _say("department.time_zone_set", department.practice, department, visits=moved, **about)
        look_again_in_bulk(visits)
        return moved


def _restart(visits: QuerySet[Appointment], zone: str) -> int:
    changed = []
    needed = visits.only("local_start", "starts_at", "time_zone", "version")
    for row in needed.select_for_update().order_by("pk"):
        moment = starts_at(row.local_start.replace(tzinfo=None), zone)
        if (row.starts_at, row.time_zone) != (moment, zone):
            row.starts_at, row.time_zone = moment, zone
            row.version += 1
            changed.append(row)
    Appointment.objects.bulk_update(
        changed, ["starts_at", "time_zone", "version"], batch_size=_CHUNK
    )
    return len(changed)


def look_again_in_bulk(rows: QuerySet[Appointment]) -> int:
    """Make looks due for what is ahead or still enrolled, behind whatever a patient waits for.

    A visit whose look is due already keeps its place. Locked in the order of their ids, as
    everywhere, so that a look and this cannot wait for each other in a circle.
    """
    with transaction.atomic():
        now = database_now()
        ids = list(
            Appointment.objects.filter(pk__in=rows.filter(_concerned(now)).values("pk"))
            .exclude(look_due_at__lte=now)
            .select_for_update()
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        for first in range(0, len(ids), _CHUNK):
            Appointment.objects.filter(pk__in=ids[first : first + _CHUNK]).update(
                look_due_at=now, look_priority=BULK
            )
        return len(ids)


def _concerned(now: datetime) -> Q:
    ahead = Q(starts_at__isnull=True) | Q(starts_at__gte=now)
    return Q(status=AppointmentStatus.SCHEDULED) & ahead | Q(enrollments__status__in=sorted(LIVE))


def _say(action: str, practice: Practice, row: Model, **detail: Any) -> None:
    audit(
        action,
        practice=practice.external_id,
        subject=(row._meta.model_name or "", row.pk),
        detail=detail,
    )
