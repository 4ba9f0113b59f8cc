"""Removes one safeguard at a time from outside, to see whether a run notices.

`removed(name)` is a context manager for a test; `apply()` does it for good in a process of a run
and reads the names, with commas between them, from KEPT_CHAOS_WITHOUT. The product has no switch
for any of this: functions are replaced, and for one in flight two indexes are dropped.

Each entry takes away exactly one safeguard. Where another one covers the same race, the schedule
in tests/chaos/directed is one in which it does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from campaigns.clock import database_now
from campaigns.decisions import snapshot
from campaigns.domain.desired_enrollment import plan
from campaigns.domain.values import EffectKind
from campaigns.execution import execute, handlers, settle
from campaigns.execution.handlers import chart_writes
from campaigns.intake import chart
from campaigns.locking import lineage_ids
from campaigns.models import Appointment, Effect, Patient, Practice
from campaigns.ports import Deadline
from campaigns.vendor_records import ReadSpan
from integrations.athenahealth import poll
from integrations.athenahealth.gateway import AthenaGateway
from integrations.relatient import collect
from integrations.relatient import feed as events_feed
from integrations.relatient.gateway import client_for
from integrations.webhooks import endpoint

ENVIRONMENT = "KEPT_CHAOS_WITHOUT"
INDEXES = ("one_in_flight_per_vendor_and_appointment", "one_in_flight_per_vendor_and_patient")

Patch = AbstractContextManager[Any]


def _lease_check_before_call() -> Patch:
    """Nobody asks, before a call, whether the effect is still theirs."""

    def call(effect: Effect) -> handlers.Completed:
        seconds = effect.practice.effect_lease_seconds * (1 - execute._LEASE_MARGIN)
        return handlers.execute(effect, handlers.Call(Deadline.after(seconds), lambda: None))

    return mock.patch.object(execute, "_call", call)


def _lease_check_at_outcome() -> Patch:
    """Whoever comes with an outcome writes it down, whoever has the effect now."""

    def ours(effect: Effect) -> Effect | None:
        return execute._locked(effect.pk)

    return mock.patch.object(settle, "_still_ours", ours)


@contextmanager
def _look_up_before_repeat() -> Iterator[None]:
    """What may have been done in the chart is done again without looking."""

    def write(
        effect: Effect, ehr: Any, *, shows: chart_writes.Shows, write: Callable[[], None]
    ) -> handlers.Completed:
        write()
        return chart_writes._read_back(effect, ehr, shows)

    def never(self: AthenaGateway, *arguments: str) -> bool:
        return False

    with (
        mock.patch.object(chart_writes, "_write", write),
        mock.patch.object(AthenaGateway, "count_schedule_notes", never),
        mock.patch.object(AthenaGateway, "count_patient_cases", never),
    ):
        yield


def _frozen_body() -> Patch:
    """A repeat sends what is wanted now, under the key of what was wanted then."""
    carry_out = execute._call_and_settle

    def thawed(effect: Effect) -> None:
        if effect.kind == EffectKind.ENROLL and effect.appointment is not None:
            planned = plan(_snapshot(effect.appointment), database_now())
            if planned.reminder is not None and planned.campaign:
                effect.body = effect.body | {
                    "campaign": planned.campaign,
                    "reminder": planned.reminder,
                }
        carry_out(effect)

    return mock.patch.object(execute, "_call_and_settle", thawed)


def _snapshot(appointment: Appointment) -> Any:
    return snapshot.build(appointment, lineage_ids(appointment.practice, appointment))


@contextmanager
def _one_in_flight() -> Iterator[None]:
    """Any number of effects of one subject are on their way; the database allows it, too."""

    def all_due(now: datetime, practice: Practice) -> list[int]:
        rows = Effect.objects.filter(next_attempt_at__lte=now, practice=practice)
        return list(rows.order_by("next_attempt_at", "pk").values_list("pk", flat=True))

    with (
        mock.patch.object(execute, "_lane_taken", lambda effect: False),
        mock.patch.object(execute, "due_effects", all_due),
        _indexes_dropped(),
    ):
        yield


@contextmanager
def _indexes_dropped() -> Iterator[None]:
    statements = [sql for name in INDEXES if (sql := _definition(name))]
    with connection.cursor() as cursor:
        for name in INDEXES:
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _definition(index: str) -> str | None:
    source = (
        "SELECT sql FROM sqlite_master WHERE name = %s"
        if connection.vendor == "sqlite"
        else "SELECT indexdef FROM pg_indexes WHERE indexname = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(source, [index])
        row = cursor.fetchone()
    return str(row[0]) if row else None


@contextmanager
def _newest_read_wins() -> Iterator[None]:
    """Whatever is taken in last replaces what is stored, however old it is."""
    update, take = chart._update, chart._take_locked

    def of_this_moment() -> ReadSpan:
        now = database_now()
        return ReadSpan(now, now)

    def update_now(row: Any, patient: Any, fields: Any, span: ReadSpan, priority: int) -> Any:
        return update(row, patient, fields, of_this_moment(), priority)

    def take_now(patient: Any, record: Any, span: ReadSpan, priority: int) -> Any:
        return take(patient, record, of_this_moment(), priority)

    with (
        mock.patch.object(chart, "_update", update_now),
        mock.patch.object(chart, "_take_locked", take_now),
    ):
        yield


def _window_before_read() -> Patch:
    """The feed is read without remembering first from when on rows could be lost."""
    return mock.patch.object(poll, "open_window", lambda cursor: None)


@contextmanager
def _commit_before_ack() -> Iterator[None]:
    """The cursor moves on, and is committed, before the events behind it are stored; a notification
    is answered with 200 whether or not it could be stored."""
    store = endpoint.store_notification

    def stored_or_not(*arguments: Any) -> int:
        try:
            return store(*arguments)
        except DatabaseError:
            return 1

    def page(connection: Any, cursor: Any, lease: Any, run: Any, counts: Any) -> bool:
        client = client_for(connection, deadline=lease.deadline(), guard=lease.guard)
        began = database_now()
        events, following, more = events_feed.read_events(client, cursor.cursor)
        cursor.cursor = following
        cursor.save(update_fields=["cursor"])
        new, known = collect.store_events(
            connection, events, began=began, ended=database_now(), run=run
        )
        counts.update(seen=len(events), new=new, duplicate=known)
        return more and bool(events)

    with (
        mock.patch.object(collect, "_page", page),
        mock.patch.object(endpoint, "store_notification", stored_or_not),
    ):
        yield


def _patient_and_appointment_lock() -> Patch:
    """Patients and appointments are read without being locked. SQLite knows no such lock: there
    every transaction that writes excludes every other, and that cannot be taken away."""
    lock = QuerySet.select_for_update

    def unlocked(self: QuerySet[Any], *arguments: Any, **options: Any) -> QuerySet[Any]:
        if self.model in (Patient, Appointment):
            return self
        return lock(self, *arguments, **options)

    return mock.patch.object(QuerySet, "select_for_update", unlocked)


SAFEGUARDS: dict[str, Callable[[], Patch]] = {
    "lease_check_before_call": _lease_check_before_call,
    "lease_check_at_outcome": _lease_check_at_outcome,
    "look_up_before_repeat": _look_up_before_repeat,
    "frozen_body": _frozen_body,
    "one_in_flight": _one_in_flight,
    "newest_read_wins": _newest_read_wins,
    "window_before_read": _window_before_read,
    "commit_before_ack": _commit_before_ack,
    "patient_and_appointment_lock": _patient_and_appointment_lock,
}


@contextmanager
def removed(name: str) -> Iterator[None]:
    """Without this safeguard, here and in every process that is started meanwhile."""
    with SAFEGUARDS[name](), mock.patch.dict(os.environ, {ENVIRONMENT: name}):
        yield


def apply() -> None:
    """Remove what the environment names, for as long as this process lives."""
    names = [name for name in os.environ.get(ENVIRONMENT, "").split(",") if name]
    stack = ExitStack()
    for name in names:
        stack.enter_context(SAFEGUARDS[name]())
    # Never closed: what was removed stays so, and a dropped index is not made again.
    _REMOVED.append(stack)


_REMOVED: list[ExitStack] = []
