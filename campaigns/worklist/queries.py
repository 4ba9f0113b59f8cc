"""The work list: whom to call before their visit, and what else needs a person.

The number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from campaigns.domain.coverage import Code
from campaigns.domain.replies import WRITES
from campaigns.domain.values import (
    CONFIRMED,
    AppointmentStatus,
    ReplyKind,
    ReplyOutcome,
    WorkItemKind,
)
from campaigns.models import (
    Appointment,
    AppointmentType,
    Effect,
    Enrollment,
    Practice,
    Response,
    WorkItem,
)
from campaigns.worklist.days import Show, end_of

# No place on earth is further ahead of, or behind, the clock that its local times are kept by.
_WIDEST_OFFSET = timedelta(hours=14)
# The open items of a visit that a call put off must not hide. A missing contact is no such thing:
# calling, and calling again later, is all that can be done about it.
_OPEN = Q(appointment=OuterRef("pk"), closed_at__isnull=True) & ~Q(kind=WorkItemKind.NO_CONTACT)


@dataclass(frozen=True)
class WorkListView:
    """What one view of the list holds: replies to read, which come first, visits to confirm, and
    the other work items about other visits.
    """

    visits: QuerySet[Appointment]
    items: QuerySet[WorkItem]
    replies: QuerySet[WorkItem]

    def count(self) -> int:
        """How many rows there are, of all kinds."""
        return self.visits.count() + self.items.count() + self.replies.count()


def view_of(practice: Practice, now: datetime, show: Show) -> WorkListView:
    """A view of the list."""
    until = end_of(show, practice, now)
    visits = unconfirmed(practice, now, until)
    if show is Show.LATER:
        nothing = WorkItem.objects.none()
        return WorkListView(deferred(visits, now), nothing, nothing)
    return WorkListView(
        visits.filter(_due(now)), other_items(practice, now, until), replies_to_read(practice)
    )


def unconfirmed(
    practice: Practice, now: datetime, until: datetime | None = None
) -> QuerySet[Appointment]:
    """Visits of the next hours (or up to `until`) that nobody has confirmed, soonest first.

    Without a time zone the instant is unknown; such a visit is listed as soon as it may be due.
    `answered` says that a promise or a cancellation is on its way to the chart; `again_at` is when
    the newest answer or call wants the patient called again; `troubled` that an item is open.
    """
    until = until or end_of(Show.ALL, practice, now)
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
            again_at=_again_at(),
            troubled=Exists(WorkItem.objects.filter(_OPEN)),
            confidential=Exists(_confidential_types()),
        )
        .order_by("begins", "pk")
    )


def deferred(visits: QuerySet[Appointment], now: datetime) -> QuerySet[Appointment]:
    """Of the unconfirmed visits those whose patient is to be called again later.

    A visit with an open item is never one of them: a call that nobody answered must not hide a
    chart write that failed.
    """
    return visits.filter(_deferred(now))


def _deferred(now: datetime) -> Q:
    return Q(again_at__gt=now, troubled=False)


def _due(now: datetime) -> Q:
    # A comparison with NULL is neither true nor false, so this cannot be "not put off".
    return Q(again_at__isnull=True) | Q(again_at__lte=now) | Q(troubled=True)


def unanswered(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Of the unconfirmed visits those that still need a call."""
    return visits.filter(Q(answered=False))


def remaining(practice: Practice, now: datetime) -> dict[str, int]:
    """How many visits still need a call, by view; one query."""
    soon = end_of(Show.SOON, practice, now)
    early = Q(starts_at__lte=soon) | Q(
        starts_at__isnull=True, local_start__lte=soon + _WIDEST_OFFSET
    )
    return unanswered(unconfirmed(practice, now)).aggregate(
        soon=Count("pk", filter=_due(now) & early),
        all=Count("pk", filter=_due(now)),
        later=Count("pk", filter=_deferred(now)),
    )


def with_row_data(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """The visits with everything that a row of the list tells about them."""
    items = WorkItem.objects.filter(closed_at__isnull=True).select_related("response")
    writes = Effect.objects.filter(kind__in=sorted(WRITES), response__isnull=False).order_by("pk")
    mine = Enrollment.objects.filter(surplus=False).order_by("-generation")
    return visits.select_related("practice", "patient", "claim__user").prefetch_related(
        Prefetch("responses", Response.objects.select_related("given_by")),
        Prefetch("enrollments", mine, to_attr="reminders"),
        Prefetch("work_items", items, to_attr="open_items"),
        Prefetch("effects", writes, to_attr="chart_writes"),
    )


def other_items(
    practice: Practice, now: datetime, until: datetime | None = None
) -> QuerySet[WorkItem]:
    """Open work items of all other visits, those whose visit comes first at the top; replies to
    read have a place of their own.
    """
    rows = unconfirmed(practice, now, until).order_by().values("pk")
    items = _open_items(practice).exclude(kind=WorkItemKind.UNRECOGNIZED_REPLY)
    return items.exclude(appointment__in=rows)


def replies_to_read(practice: Practice) -> QuerySet[WorkItem]:
    """Replies that nobody but a person understands, of whichever visits: a wish for no more texts
    may be among them, so they come before everything else.
    """
    return _open_items(practice).filter(kind=WorkItemKind.UNRECOGNIZED_REPLY)


def _open_items(practice: Practice) -> QuerySet[WorkItem]:
    return (
        WorkItem.objects.filter(practice=practice, closed_at__isnull=True)
        .select_related("appointment__patient", "appointment__practice", "response")
        .annotate(
            begins=Coalesce("appointment__starts_at", "appointment__local_start"),
            confidential=Exists(_confidential_types("appointment__")),
        )
        .order_by("begins", "pk")
    )


def _again_at() -> Any:
    """Only the newest answer counts: a later reply or call ends what an earlier call put off.

    So does a move of the visit, since the call was about its old time.
    """
    still = Q(told_starts_at=OuterRef("starts_at")) | Q(told_starts_at__isnull=True)
    newest = (
        Response.objects.filter(appointment=OuterRef("pk"))
        .exclude(outcome=ReplyOutcome.WITHDRAWN)
        .order_by("-occurred_at", "-seq", "-pk")
        .annotate(agreed=Case(When(still, then=F("again_at"))))
    )
    return Subquery(newest.values("agreed")[:1])


def _confidential_types(path: str = "") -> QuerySet[AppointmentType]:
    return AppointmentType.objects.filter(
        practice=OuterRef(f"{path}practice"),
        external_id=OuterRef(f"{path}type_external_id"),
        confidential=True,
    )
