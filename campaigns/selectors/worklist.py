"""The work list: whom to call before their visit, and what else needs a person.

The number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from campaigns.domain.coverage import Code
from campaigns.domain.replies import WRITES
from campaigns.domain.values import CONFIRMED, AppointmentStatus, ReplyKind, ReplyOutcome
from campaigns.models import Appointment, AppointmentType, Effect, Practice, Response, WorkItem

# No place on earth is further ahead of, or behind, the clock that its local times are kept by.
_WIDEST_OFFSET = timedelta(hours=14)


def unconfirmed(practice: Practice, now: datetime) -> QuerySet[Appointment]:
    """Visits of the next hours that nobody has confirmed, soonest first.

    Without a time zone the instant is unknown; such a visit is listed as soon as it may be due.
    `answered` says that a promise or a cancellation is on its way to the chart.
    """
    until = now + timedelta(hours=practice.unconfirmed_hours)
    known = Q(starts_at__gt=now, starts_at__lte=until)
    zoneless = Q(
        starts_at__isnull=True,
        local_start__gt=now - _WIDEST_OFFSET,
        local_start__lte=until + _WIDEST_OFFSET,
    )
    on_its_way = Response.objects.filter(
        appointment=OuterRef("pk"),
        outcome=ReplyOutcome.PENDING,
        kind__in=[ReplyKind.CONFIRMED, ReplyKind.CANCELLED],
    )
    return (
        Appointment.objects.filter(
            known | zoneless, practice=practice, status=AppointmentStatus.SCHEDULED
        )
        .exclude(confirmation__in=sorted(CONFIRMED))
        .exclude(coverage_code=Code.SECONDARY_RESOURCE)
        .annotate(
            begins=Coalesce("starts_at", "local_start"),
            answered=Exists(on_its_way),
            confidential=Exists(_confidential_types()),
        )
        .order_by("begins", "pk")
    )


def unanswered(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Of the unconfirmed visits those that still need a call."""
    return visits.filter(Q(answered=False))


def with_story(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """The visits with everything that a row of the list tells about them."""
    items = WorkItem.objects.filter(closed_at__isnull=True).select_related("response")
    writes = Effect.objects.filter(kind__in=sorted(WRITES), response__isnull=False).order_by("pk")
    return visits.select_related("practice", "patient").prefetch_related(
        Prefetch("responses", Response.objects.select_related("given_by")),
        Prefetch("work_items", items, to_attr="open_items"),
        Prefetch("effects", writes, to_attr="chart_writes"),
    )


def other_items(practice: Practice, now: datetime) -> QuerySet[WorkItem]:
    """Open work items of all other visits, those whose visit comes first at the top."""
    listed = unconfirmed(practice, now).order_by().values("pk")
    return (
        WorkItem.objects.filter(practice=practice, closed_at__isnull=True)
        .exclude(appointment__in=listed)
        .select_related("appointment__patient", "appointment__practice", "response")
        .annotate(
            begins=Coalesce("appointment__starts_at", "appointment__local_start"),
            confidential=Exists(_confidential_types("appointment__")),
        )
        .order_by("begins", "pk")
    )


def _confidential_types(path: str = "") -> QuerySet[AppointmentType]:
    return AppointmentType.objects.filter(
        practice=OuterRef(f"{path}practice"),
        external_id=OuterRef(f"{path}type_external_id"),
        confidential=True,
    )
