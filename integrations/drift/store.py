"""Vendor drift, stored: which unknown values came, how often, since when."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.db.models import F

from audit.context import acting_as
from audit.recorder import audit_row
from campaigns.clock import database_now
from campaigns.models import Practice
from integrations.drift.observe import Unknown, collected, collecting
from integrations.models import UnknownValue

# For how long a value that was seen for the first time counts as news.
NEWS = timedelta(days=7)
# The actor of these audit events: no person asked for them.
ITSELF = "unknown values"

logger = logging.getLogger(__name__)

GatewayT = TypeVar("GatewayT")


@contextmanager
def recording_drift(practice: str) -> Iterator[None]:
    """Store what the work inside did not know, however it ends; a collector further out does it
    instead.

    `practice` is athenahealth's id. Not for the inside of a transaction: what is counted must
    outlive a row that is rolled back.
    """
    if collecting():
        yield
        return
    with collected() as found:
        try:
            yield
        finally:
            _store(practice, found)


def records_drift(practice_of: Callable[[Any], str]) -> Callable[[type[GatewayT]], type[GatewayT]]:
    """A decorator for a class: its public methods store what they did not know."""

    def watch(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def watching(self: Any, *args: Any, **kwargs: Any) -> Any:
            with recording_drift(practice_of(self)):
                return method(self, *args, **kwargs)

        return watching

    def of(gateway: type[GatewayT]) -> type[GatewayT]:
        for name, method in list(vars(gateway).items()):
            if callable(method) and not name.startswith("_"):
                setattr(gateway, name, watch(method))
        return gateway

    return of


def _store(practice: str, found: Sequence[Unknown]) -> None:
    if not found:
        return
    try:
        row = Practice.objects.get(external_id=practice)
        with acting_as(process=ITSELF):
            for one, times in Counter(found).items():
                _count(row, one, times)
    except DatabaseError:
        # A count that cannot be stored never changes the result of the work.
        logger.exception("unknown_value_not_counted")


def _count(practice: Practice, one: Unknown, times: int) -> None:
    now = database_now()
    key = {"practice": practice, "vendor": one.vendor, "what": one.what, "value": one.value}
    more = {"times": F("times") + times, "last_seen_at": now}
    with transaction.atomic():
        if UnknownValue.objects.filter(**key).update(**more):
            return
        first = {"first_seen_at": now, "last_seen_at": now, "times": times}
        row, created = UnknownValue.objects.get_or_create(**key, defaults=first)
        if created:
            _announce(row)
        else:
            UnknownValue.objects.filter(pk=row.pk).update(**more)


def _announce(row: UnknownValue) -> None:
    audit_row("vendor.unknown_value", row, vendor=row.vendor, what=row.what, value=row.value)


def first_seen_lately(practices: Sequence[Practice], now: datetime) -> int:
    """How many values were seen for the first time within the last seven days."""
    return UnknownValue.objects.filter(
        practice__in=practices, first_seen_at__gte=now - NEWS
    ).count()
