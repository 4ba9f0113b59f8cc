"""A practice with a row of everything that Kept has a page for, and every address of the project.

What walks all pages (who may open them, and whether everybody can use them) begins here, so that
a page which is added tomorrow is walked too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from audit.context import acting_as
from audit.recorder import record
from campaigns.domain.coverage import Code
from campaigns.domain.values import EffectStatus, ReplyKind
from campaigns.models import (
    Appointment,
    Campaign,
    CampaignRule,
    ChartCancelReason,
    ConfirmationStatus,
    Practice,
    RuleChange,
    StaffInstruction,
)
from integrations.models import (
    Connection,
    EventSubscription,
    Feed,
    FeedCursor,
    HttpExchange,
    InboundMessage,
    SyncKind,
    SyncRun,
    UnknownValue,
)
from tests.factories import (
    AppointmentTypeFactory,
    CampaignFactory,
    CampaignRuleFactory,
    DecisionFactory,
    DepartmentFactory,
    EffectFactory,
    ProviderFactory,
    ResponseFactory,
    UserFactory,
    WorkItemFactory,
)
from tests.integration.rule_room import visit

FINDINGS = [
    ["status", "scheduled", "scheduled"],
    ["no_shows", "0 in 180 days", "standard"],
    ["rule", "Annual physical (82), in_person, standard, en", "rule 1: Preventive visit"],
]


@dataclass(frozen=True)
class Address:
    """A pattern of the project: `route` as written, `name` with its namespace, or empty."""

    route: str
    name: str
    arguments: frozenset[str]


def every_address() -> Iterator[Address]:
    """All that Django can resolve, in its order."""
    yield from _below(get_resolver(), "", "")


def _below(resolver: URLResolver, before: str, namespace: str) -> Iterator[Address]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            name = f"{namespace}{one.name}" if one.name else ""
            yield Address(route, name, frozenset(_arguments_of(one)))
        else:
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _below(one, route, inner)


def _arguments_of(one: URLPattern) -> set[str]:
    return set(one.pattern.converters) | set(one.pattern.regex.groupindex)


def fill(practice: Practice) -> Appointment:
    """One row of everything; answers the visit that the rest is about."""
    DepartmentFactory(practice=practice)
    ProviderFactory(practice=practice)
    AppointmentTypeFactory(practice=practice)
    if not CampaignRule.objects.filter(practice=practice).exists():
        CampaignRuleFactory(practice=practice, campaign=_campaign(practice))
    CampaignFactory(practice=practice, external_id="cmp_gentle", name="Gentle reminder")
    row = visit(practice, "cmp_preventive_en", code=Code.ENROLLED)
    ResponseFactory(appointment=row, kind=ReplyKind.UNRECOGNIZED, raw_text="is parking free?")
    EffectFactory(appointment=row, status=EffectStatus.PARKED)
    WorkItemFactory(appointment=row)
    DecisionFactory(appointment=row, findings=FINDINGS)
    _said_and_changed(practice, row)
    _heard(practice)
    _behind()
    return row


def row_of(label: str, practice: Practice) -> Model:
    """The first row of a model, of this practice where the model has practices."""
    model = apps.get_model(label)
    rows = model._default_manager.order_by("pk")
    names = {field.name for field in model._meta.get_fields()}
    if label == "project.user":
        found = rows.filter(memberships__practice=practice).first()
    elif label == "campaigns.practice":
        found = rows.filter(pk=practice.pk).first()
    elif label == "audit.auditevent":
        found = rows.filter(practice=practice.external_id).first()
    else:
        found = (rows.filter(practice=practice) if "practice" in names else rows).first()
    assert found is not None, f"fill() makes no row of {label}"
    return found


def _campaign(practice: Practice) -> Campaign:
    return CampaignFactory(practice=practice)


def _said_and_changed(practice: Practice, row: Appointment) -> None:
    now = timezone.now()
    StaffInstruction.objects.create(
        practice=practice, appointment=row, kind="paused", reason="Away.", given_at=now
    )
    RuleChange.objects.create(practice=practice, status="applied", made_at=now, made_by_name="vera")
    ChartCancelReason.objects.create(practice=practice, external_id="2", name="Patient cancelled")
    ConfirmationStatus.objects.create(practice=practice, external_id="3", name="Confirmed")
    UserFactory(first_name="Nora", practices=[practice])
    with acting_as(process="test"), transaction.atomic():
        record("practice.filled", practice=practice.external_id, subject=("practice", practice.pk))


def _heard(practice: Practice) -> None:
    now = timezone.now()
    for vendor, feed in (("athenahealth", Feed.APPOINTMENTS), ("relatient", Feed.EVENTS)):
        row = Connection.objects.create(practice=practice, vendor=vendor)
        FeedCursor.objects.create(practice=practice, connection=row, feed=feed, last_success_at=now)
    EventSubscription.objects.create(
        practice=practice,
        connection=Connection.objects.get(practice=practice, vendor="athenahealth"),
        topic="Appointment.schedule",
        external_id="6f1d",
        endpoint="https://kept.example.org/webhooks/athenahealth/1/",
        status="active",
        created_at=now,
        ends_at=now + timedelta(days=30),
        checked_at=now,
    )
    run = SyncRun.objects.create(
        practice=practice, kind=SyncKind.POLL, started_at=now, counts={"seen": 12, "new": 3}
    )
    InboundMessage.objects.create(
        practice=practice,
        vendor="athenahealth",
        kind="appointments_page",
        read_began=now,
        sync_run=run,
    )
    HttpExchange.objects.create(
        practice=practice,
        vendor="athenahealth",
        method="GET",
        path_template="/v1/{practice}/appointments/changed",
        status=200,
        duration_ms=81,
        outcome="answered",
    )
    UnknownValue.objects.create(
        practice=practice,
        vendor="relatient",
        what="event.type",
        value="message.seen",
        first_seen_at=now,
        last_seen_at=now,
    )


def _behind() -> None:
    """What belongs to no practice: background work, locked doors, roles."""
    now = timezone.now()
    if AccessAttempt.objects.exists():
        return
    Schedule.objects.create(name="sweep", func="campaigns.tasks.sweep")
    for number, (model, went_well) in enumerate(((Success, True), (Failure, False))):
        model.objects.create(
            id=f"{number:032}",
            name=f"task-{number}",
            func="campaigns.tasks.sweep",
            started=now - timedelta(seconds=2),
            stopped=now,
            success=went_well,
        )
    OrmQ.objects.create(key="kept", payload="", lock=now)
    AccessAttempt.objects.create(
        username="stranger", ip_address="192.0.2.7", failures_since_start=5
    )
    Group.objects.get_or_create(name="Visitors")
